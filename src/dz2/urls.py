"""The addresses of usercontrol: the API, the panel, and whether it lives."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from dz2.api.views import api


def healthz(request: HttpRequest) -> JsonResponse:
    """200 once zoomdb answers: what ``dz up`` and nginx's operator wait for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz),
    path("api/v1/", api.urls),
    path("", include("dz2.panel.urls")),
]
