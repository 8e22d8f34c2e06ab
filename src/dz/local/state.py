"""What ``dz up`` chose once and keeps: where nginx listens, which broker serves, its ports."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from dataclasses import asdict, dataclass, replace

import psutil

from dz.errors import UserError
from dz.local.layout import Layout
from dz.local.users import ROOT, file
from dz.names import HostName
from dz.tasklib.appserver.ports import is_free

FIRST, LAST = 8800, 8899
USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``broker``: valkey, rabbitmq, or given (DZ_BROKER_URL). ``said``: why the port is not the first one."""

    host: str
    port: int
    broker: str = ""
    broker_ports: tuple[int, ...] = ()
    said: str = ""
    domain: str = "localhost"  # new projects' hostnames are under it
    scheme: str = "http"  # how the world reaches sites and panel,
    public_port: int = 0  # where, if not at nginx's own port or https's,
    proxies: str = ""  # and whom nginx believes about visitors
    wheel_nginx: bool = False  # it may listen beyond loopback, without security updates

    @property
    def listen(self) -> str:
        return _spelled(self.host, self.port)

    @property
    def url(self) -> str:
        """Where people reach the panel; browsers resolve localhost names by themselves."""
        port = "" if self.reached == USUAL[self.scheme] else f":{self.reached}"
        return f"{self.scheme}://{self.panel_name or 'localhost'}{port}/"

    @property
    def reached(self) -> int:
        """The port at which the world reaches the proxy."""
        return self.public_port or (USUAL["https"] if self.scheme == "https" else self.port)

    @property
    def panel_name(self) -> str:
        """Under the sites' domain and its certificate, where something ends TLS; else it stays at localhost."""
        return f"panel.{self.domain}" if self.scheme == "https" and self.domain != "localhost" else ""

    @property
    def probe(self) -> tuple[str, int]:
        """Where this machine's own probes connect."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port

    @property
    def probe_url(self) -> str:
        return f"http://{_spelled(*self.probe)}"


def _spelled(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def known(layout: Layout) -> State | None:
    if not layout.state.exists():
        return None
    values = json.loads(layout.state.read_text())
    return State(**{**values, "broker_ports": tuple(values["broker_ports"])})


def keep(layout: Layout, state: State) -> State:
    file(layout.state, json.dumps(asdict(replace(state, said="")), indent=1), ROOT)
    return state


def chosen(layout: Layout, listen: str) -> State:
    """What ``--listen`` says; else what was kept, as long as it is free; else the first free port."""
    before = known(layout)
    if listen:
        host, port = parsed(listen)
        if not is_free(host, port):
            if _is_forbidden(host, port):
                raise UserError("local.port-low", address=listen, port=port)
            raise UserError("local.port-taken", address=listen, who=who_listens(port))
        return replace(before or State(host=host, port=port), host=host, port=port, said="")
    host = before.host if before else "127.0.0.1"
    first = before.port if before else int(os.environ.get("DZ_FIRST_PORT", FIRST))
    for port in (first, *range(FIRST if before else first + 1, max(first, LAST) + 1)):
        if is_free(host, port):
            said = (
                ""
                if port == first
                else f"{first} is used by {who_listens(first)}; using {port} (dz up --listen ADDRESS:PORT chooses)"
            )
            return replace(before or State(host=host, port=port), port=port, said=said)
    raise UserError("local.no-free-port", first=first, last=LAST)


def _is_forbidden(host: str, port: int) -> bool:
    """Whether this user may not listen there, whoever else does."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except PermissionError:
            return True
        except OSError:
            pass
    return False


def in_domain(state: State, domain: str) -> State:
    """Where that domain is given. Raises UserError for what is none."""
    if not domain:
        return state
    try:
        return replace(state, domain=str(HostName(domain)))
    except ValueError:
        raise UserError("local.domain", domain=repr(domain[:80])) from None


def parsed(listen: str) -> tuple[str, int]:
    """Address and port of ``address:port``, ``[v6]:port`` or a port alone."""
    host, _, port = listen.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]") or "127.0.0.1")
        number = int(port)
    except ValueError:
        raise UserError("local.listen", listen=listen) from None
    if not 0 < number < 65536:
        raise UserError("local.listen", listen=listen)
    return str(address), number


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of our own servers that nobody types."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)
    finally:
        for one in sockets:
            one.close()


def who_listens(port: int) -> str:
    """The program that has the port, as far as this user may know."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr[1] == port and one.pid:
                return f"{psutil.Process(one.pid).name()}, pid {one.pid}"
    except psutil.Error:
        pass
    return "another program"
