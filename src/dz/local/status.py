"""``dz status``: what runs, where, how much it takes, and what is wrong. Works when nothing runs, too."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from dz.local.ready import answer
from dz.local.service import Service
from dz.local.services import INSTANCES, Plan, ours, servers
from dz.local.supervising import Supervision
from dz.names import AppId
from dz.tasklib.machine import memory_of
from dz.words import size

HOSTS = (
    "SELECT h.instance_id, h.role, h.sandbox, h.network, h.load, h.memory, h.disk, h.disk_free, h.pid,"
    " extract(epoch FROM now() - h.last_heartbeat)::float AS seen FROM dz2_host h ORDER BY h.instance_id"
)
# The processes of every live release that this machine runs, and projects' own Redis as one of release 0.
SITES = (
    "SELECT p.name, p.id, r.number, d.process FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
    " JOIN dz2_project p ON p.id = r.project_id JOIN dz2_appserver a ON a.id = d.appserver_id"
    " JOIN dz2_host h ON h.id = a.host_id"
    " WHERE r.state = 'live' AND d.state = 'healthy' AND p.deactivated_at IS NULL AND h.instance_id = %(here)s"
    " UNION ALL SELECT p.name, p.id, 0, 'redis' FROM dz2_projectredis d JOIN dz2_project p ON p.id = d.project_id"
    " JOIN dz2_appserver a ON a.id = d.appserver_id JOIN dz2_host h ON h.id = a.host_id"
    " WHERE d.wanted AND p.deactivated_at IS NULL AND h.instance_id = %(here)s"
    " ORDER BY 1, 4"
)

ROOM = 2 * 1000**3  # of disk, for a build
RUNS = frozenset({"running", "starting"})  # its row says that it answered: to supervisord it starts for ten seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``document``: the fixed shape of ``dz status --json``. ``wrong``: names of services that do not answer.
    ``live``: sites of this machine of which something answers; None where zoomdb, which knows them, does not."""

    document: dict[str, Any]
    wrong: list[str]
    seconds: float
    memory: int
    live: int | None


def report(plan: Plan) -> Report:
    supervision = Supervision(plan.layout, plan.passwords.supervisor)
    status = supervision.status()
    table = [*servers(plan), *ours(plan)]
    services = [_service(plan, service, status) for service in table]
    known = _zoomdb(plan)
    hosts, processes = known or ([], [])
    sites = sites_of(processes, {name for name, one in status.items() if one.state in RUNS})
    document = {
        "services": services,
        "appservers": [one for one in hosts if one["role"] == "appserver"],
        "hosts": hosts,
        "sites": sites,
        "sandbox": next((one["sandbox"] for one in hosts if one["role"] == "appserver"), ""),
        "network": next((one["network"] for one in hosts if one["role"] == "appserver"), ""),
        "broker": plan.state.broker,
        "url": plan.state.url,
        "disk_free": shutil.disk_usage(plan.layout.home).free,
    }
    ages = [one.since for one in status.values() if one.since is not None]
    return Report(
        document=document,
        wrong=[one["name"] for one in services if one["state"] != "running"],
        seconds=max(ages, default=0.0),
        memory=sum(one["memory"] for one in services),
        live=sum(one["state"] != "down" for one in sites) if known else None,
    )


def _service(plan: Plan, service: Service, status: dict[str, Any]) -> dict[str, Any]:
    known = status.get(service.name)
    pid = known.pid if known else None
    state, detail = (known.state, known.detail) if known else ("stopped", "")
    if state in RUNS and known is not None:  # starting: for seconds, and mostly answering by then
        asked = answer(plan, service.name, since=known.since)
        state, detail = ("running" if asked.ok else "silent" if state == "running" else state), asked.detail
    origin, version = _origin(plan, service.name)
    return {
        "name": service.name,
        "state": state,
        "pid": pid,
        "address": _address(plan, service.name),
        "memory": memory_of(pid),
        "origin": origin,
        "version": version,
        "detail": detail,
    }


def _address(plan: Plan, name: str) -> str:
    layout = plan.layout
    ports = plan.state.broker_ports
    return {
        "postgres-zoomdb": str(layout.core_sockets),
        "postgres-projects": str(layout.postgres_sockets),
        "broker": f"127.0.0.1:{ports[0]}" if plan.state.broker == "rabbitmq" else str(layout.broker_socket),
        "panel": str(layout.panel_socket),
        "push": str(layout.push_socket),
        "nginx": plan.state.listen,
    }.get(name, "")


def _origin(plan: Plan, name: str) -> tuple[str, str]:
    if name.startswith("postgres"):
        found = plan.postgres
    elif name == "nginx":
        found = plan.nginx
    elif name == "broker" and plan.broker is not None:
        found = plan.broker
    else:
        return "djangozoom", ""
    return found.origin, found.version


def sites_of(processes: Iterable[tuple[str, int, int, str]], running: Collection[str]) -> list[dict[str, str]]:
    """Each site live, degraded or down (none of its web processes runs), and which processes do not run."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for name, project, release, process in processes:
        runs = f"{AppId.of(project)}-{release}-{process}" in running
        found.setdefault(name, []).append((process, runs))
    sites = []
    for name, all_of_it in found.items():
        missing = [process for process, runs in all_of_it if not runs]
        served = any(runs for process, runs in all_of_it if process.startswith("web."))
        state = "down" if not served else "degraded" if missing else "live"
        sites.append({"name": name, "state": state, "missing": " ".join(missing)})
    return sites


def _zoomdb(plan: Plan) -> tuple[list[dict[str, Any]], list[tuple[str, int, int, str]]] | None:
    """The hosts' rows and the processes that are to run here; None while zoomdb is down."""
    try:
        with psycopg.connect(plan.zoomdb_url, connect_timeout=5) as connection:
            cursor = connection.execute(HOSTS)
            names = [column.name for column in cursor.description or ()]
            hosts = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            return hosts, connection.execute(SITES, {"here": INSTANCES["appserver"]}).fetchall()
    except psycopg.Error:
        return None


def said_live(live: int | None) -> str:
    """How many projects are live. A site serves on while zoomdb is down, so none is said of what is not known."""
    if live is None:
        return "which projects are live is not known"
    return f"{live} {'project' if live == 1 else 'projects'} live"


def scarce(free: int, folder: object) -> str:
    """What to say where too little of the disk is left for a build; else ""."""
    return "" if free > ROOM else f"Only {size(free)} of disk are left; builds need 2 GB. Free some space at {folder}."
