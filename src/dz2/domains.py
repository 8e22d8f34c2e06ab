"""The hostnames of a project: the one that its name gave it, and domains of its owner's.

Rows say what is wanted. The proxy's file and the hosts that the site itself takes (ALLOWED_HOSTS) follow with the next
release: of what is live, a change begins one of the same bundle, so no request is lost and no name leads to a site that
refuses it. What a job was to change and did not is taken back with its end (``dz2.advancing``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from dz.errors import UserError
from dz.names import HostName
from dz2 import releases
from dz2.accounts import panel
from dz2.advancing import domains_of, hold
from dz2.models import Job, JobState, Project, VirtualHostname

MOST = 50


def listed(project: Project) -> QuerySet[VirtualHostname]:
    """The given one first."""
    return project.hostnames.order_by("pk")


def add(project: Project, names: Iterable[str], *, by: Any = None) -> Job | None:
    """The job that makes what is live answer there too; None if nothing is new, or nothing runs. Raises UserError."""
    wanted = [checked(name) for name in names]
    with transaction.atomic():  # refused, it leaves no row
        return _released(project, "Domain added", {"added": write(project, wanted)}, by)


def remove(project: Project, name: str, *, by: Any = None) -> Job | None:
    """Raises ``domain.not-found``, ``domain.given``."""
    with transaction.atomic():
        hold(project)
        found = next((row for row in listed(project) if row.hostname == name.lower().rstrip(".")), None)
        if found is None:
            raise UserError("domain.not-found", name=project.name, domain=repr(name[:80]))
        if found == project.given_hostname():
            raise UserError("domain.given", name=project.name, domain=found.hostname)
        found.delete()
        change = {"removed": [found.hostname], "tls": [found.hostname] if found.tls else []}
        return _released(project, "Domain taken away", change, by)


def give(project: Project) -> None:
    """The hostname that its name gives. Raises IntegrityError where that is another's, or the panel's own."""
    name = HostName(f"{project.name}.{panel().sites_domain}")
    if name == urlsplit(panel().panel_url).hostname:
        raise IntegrityError("the panel's own name")
    VirtualHostname.objects.create(project=project, hostname=name)


def bring(project: Project, names: Iterable[HostName]) -> list[str]:
    """Write them; those that what is live may lack, as a job that is to bring one may yet fail. Raises UserError."""
    wanted = list(names)
    with transaction.atomic():
        new = write(project, wanted)
        pending = domains_of(project.jobs.exclude(state__in=JobState.terminal()))
    return [name for name in wanted if name in pending.union(new)]


def write(project: Project, names: Iterable[HostName]) -> list[str]:
    """Those that are new. What is live does not take them before its next release. Raises UserError."""
    new: list[str] = []
    with transaction.atomic():
        hold(project)
        have = set(listed(project).values_list("hostname", flat=True))
        for name in names:
            if name not in have:
                _insert(project, name, len(have))
                have.add(name)
                new.append(name)
    return new


def checked(name: str) -> HostName:
    """Raises ``domain.bad-name``, or ``domain.reserved`` for what the platform gives out itself."""
    lower = name.strip().lower().rstrip(".")
    try:
        found = HostName(lower)
    except ValueError:
        raise UserError("domain.bad-name", domain=repr(name[:80])) from None
    if "." not in found or found.rpartition(".")[2].isdecimal():  # a word of some network, or an address
        raise UserError("domain.bad-name", domain=repr(name[:80]))
    ours = panel().sites_domain
    if found in (ours, urlsplit(panel().panel_url).hostname) or found.endswith((f".{ours}", ".localhost")):
        raise UserError("domain.reserved", domain=found, ours=ours)
    return found


def _insert(project: Project, name: HostName, count: int) -> None:
    if count > MOST:
        raise UserError("domain.too-many", name=project.name, most=MOST)
    try:
        with transaction.atomic():
            VirtualHostname.objects.create(project=project, hostname=name)
    except IntegrityError:
        owner = VirtualHostname.objects.select_related("project").filter(hostname=name).first()
        raise UserError("domain.taken", domain=name, name=owner.project.name if owner else "another") from None


def _released(project: Project, why: str, change: dict[str, list[str]], by: Any) -> Job | None:
    if not any(change.values()) or project.running_release() is None:
        return None
    return releases.restart(project, why=why, domains=change, by=by)
