"""The network by role, for administrators."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dz2.api.hosts import status_document


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise PermissionDenied("Hosts are shown to administrators")
    found = status_document()
    running = {one["instance_id"]: one for one in found["appservers"]}
    hosts = [host | {"appserver": running.get(host["instance_id"])} for host in found["hosts"]]
    return render(request, "panel/hosts.html", {"hosts": hosts, "status": found})
