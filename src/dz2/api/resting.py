"""The addresses that put a project to rest and wake it, and what goes with it when it is destroyed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router

from dz2 import belongings, resting, services
from dz2.api import documents
from dz2.asker import DZ

router = Router()


@router.get("/{name}/belongings")
def what_goes(request: HttpRequest, name: str) -> Any:
    return asdict(belongings.of(services.find_project(name)))


@router.post("/{name}/deactivate")
def deactivate(request: HttpRequest, name: str) -> Any:
    return documents.job_document(resting.deactivate(services.find_project(name), by=DZ))


@router.post("/{name}/activate")
def activate(request: HttpRequest, name: str) -> Any:
    return documents.job_document(resting.activate(services.find_project(name), by=DZ))
