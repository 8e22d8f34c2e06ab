"""``dz status``: what runs, where, how much it takes, and what is wrong. Works when nothing runs, too."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import psycopg

from dz.local.ready import answer
from dz.local.service import Service
from dz.local.services import Plan, ours, servers
from dz.local.supervising import Supervision
from dz.tasklib.machine import memory_of

HOSTS = (
    "SELECT h.instance_id, h.role, h.sandbox, h.network, h.load, h.memory, h.disk, h.disk_free, h.pid,"
    " extract(epoch FROM now() - h.last_heartbeat)::float AS seen FROM dz2_host h ORDER BY h.instance_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``document``: the fixed shape of ``dz status --json``. ``wrong``: names of services that do not answer."""

    document: dict[str, Any]
    wrong: list[str]
    seconds: float
    memory: int
    live: int


def report(plan: Plan) -> Report:
    supervision = Supervision(plan.layout, plan.passwords.supervisor)
    status = supervision.status()
    table = [*servers(plan), *ours(plan)]
    services = [_service(plan, service, status) for service in table]
    hosts, live = _zoomdb(plan)
    document = {
        "services": services,
        "appservers": [one for one in hosts if one["role"] == "appserver"],
        "hosts": hosts,
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
        live=live,
    )


def _service(plan: Plan, service: Service, status: dict[str, Any]) -> dict[str, Any]:
    known = status.get(service.name)
    pid = known.pid if known else None
    state, detail = (known.state, known.detail) if known else ("stopped", "")
    if state in ("running", "starting") and known is not None:  # starting: for seconds, and mostly answering by then
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


def _zoomdb(plan: Plan) -> tuple[list[dict[str, Any]], int]:
    """The hosts' rows and how many projects are live; nothing while zoomdb is down."""
    try:
        with psycopg.connect(plan.zoomdb_url, connect_timeout=5) as connection:
            cursor = connection.execute(HOSTS)
            names = [column.name for column in cursor.description or ()]
            hosts = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            live = connection.execute(
                "SELECT count(DISTINCT r.project_id) FROM dz2_appserverdeployment d"
                " JOIN dz2_release r ON r.id = d.release_id WHERE d.state = 'healthy'"
            ).fetchone()
            return hosts, int(live[0]) if live else 0
    except psycopg.Error:
        return [], 0
