"""Whether a service answers: a real answer of its own kind, never "its process is there"."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from kombu import Connection
from kombu.exceptions import OperationalError

from dz.local.services import INSTANCES, Plan

TIMEOUT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    ok: bool
    detail: str


def answer(plan: Plan, service: str, *, since: float | None) -> Answer:
    """Ask ``service``. ``since``: seconds for which its process runs; a heartbeat must be younger than that."""
    try:
        return Answer(ok=True, detail=_asker(plan, service, since)())
    except (OSError, psycopg.Error, http.client.HTTPException, OperationalError, _Silent) as error:
        return Answer(ok=False, detail=f"{error}".strip() or type(error).__name__)


class _Silent(Exception):
    pass


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self._path))


def _asker(plan: Plan, service: str, since: float | None) -> Callable[[], str]:
    if service.startswith("worker-"):
        return lambda: _heartbeat(plan, service.removeprefix("worker-"), since)
    return {
        "postgres-zoomdb": lambda: _postgres(plan.superuser_url("zoomdb")),
        "postgres-projects": lambda: _postgres(plan.superuser_url("postgres")),
        "broker": lambda: _broker(plan.broker_url),
        "panel": lambda: _http(_UnixConnection(plan.layout.panel_socket)),
        "push": lambda: _http(_UnixConnection(plan.layout.push_socket)),
        "nginx": lambda: _nginx(plan),
        "dispatcher": lambda: _dispatcher(plan),
    }[service]


def _postgres(url: str) -> str:
    with psycopg.connect(url, connect_timeout=TIMEOUT) as connection:
        connection.execute("SELECT 1")
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def _broker(url: str) -> str:
    options = {} if url.startswith("amqp") else {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    with Connection(url, connect_timeout=TIMEOUT, transport_options=options) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=TIMEOUT)
        connection.default_channel.close()
    return "answers"


def _http(connection: http.client.HTTPConnection) -> str:
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        response = connection.getresponse()
        body = response.read(10_000)
    finally:
        connection.close()
    if response.status != 200 or json.loads(body).get("status") != "ok":
        raise _Silent(f"answers {response.status}")
    return "answers 200"


def _nginx(plan: Plan) -> str:
    """Through nginx to the panel: both ends of the way that every visitor takes."""
    return _http(http.client.HTTPConnection(*plan.state.probe, timeout=TIMEOUT))


def _dispatcher(plan: Plan) -> str:
    """It listens on zoomdb; the name of its connection is ours (PGAPPNAME)."""
    with psycopg.connect(plan.zoomdb_url, connect_timeout=TIMEOUT) as connection:
        if not connection.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'dz-dispatcher'").fetchone():
            raise _Silent("is not connected to zoomdb")
    return "listens"


def _heartbeat(plan: Plan, role: str, since: float | None) -> str:
    query = "SELECT extract(epoch FROM now() - last_heartbeat) FROM dz2_host WHERE instance_id = %s"
    with psycopg.connect(plan.zoomdb_url, connect_timeout=TIMEOUT) as connection:
        row = connection.execute(query, [INSTANCES[role]]).fetchone()
    every = float(plan.given.get("DZ_HEARTBEAT", 5))
    if row is None or since is None or row[0] is None or row[0] > min(since, 3 * every + 10):
        raise _Silent("has sent no heartbeat")
    return f"{INSTANCES[role]}, heartbeat {row[0]:.0f} s ago"
