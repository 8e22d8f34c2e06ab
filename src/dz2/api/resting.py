"""The addresses that put a project to rest and wake it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from dz2 import resting, services
from dz2.api import documents

router = Router()


@router.post("/{name}/deactivate")
def deactivate(request: HttpRequest, name: str) -> Any:
    return documents.job_document(resting.deactivate(services.find_project(name), who="dz"))


@router.post("/{name}/activate")
def activate(request: HttpRequest, name: str) -> Any:
    return documents.job_document(resting.activate(services.find_project(name), who="dz"))
