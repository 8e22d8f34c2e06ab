"""The address that has a project deployed from what is pushed to it."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from dz2 import pushes

router = Router()


class PushesIn(Schema):
    ref: Annotated[str, Field(max_length=200)] = ""
    replace: bool = False


@router.post("/{name}/git")
def take(request: HttpRequest, name: str, body: PushesIn) -> Any:
    found = pushes.take(name, ref=body.ref, replace=body.replace)
    return {"name": found.project.name, "url": found.url, "ref": found.project.ref, "made": found.made}
