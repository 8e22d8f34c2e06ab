"""The panel's addresses."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def projects(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<!doctype html><html lang=en><title>Projects</title><h1>Projects</h1></html>")


urlpatterns = [path("", projects)]
