"""What this host drives, as its environment says: its settings and seams, made once per process. Without Celery and
Django, since nginx's own start asks it, too."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from dz.log import Secret
from dz.seams.dbserver import DatabaseServer
from dz.seams.supervisor import Supervisor
from dz.settings import WorkerSettings
from dz.tasklib.hosting import Seams
from dz.tasklib.pipeline import APPSERVER, BUILD

if TYPE_CHECKING:
    from dz.seams.proxy.nginx import Nginx


@cache
def settings() -> WorkerSettings:
    """Refuses to go on without what this role needs, and never shows a value."""
    try:
        return WorkerSettings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = (f"DZ_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False))
        raise SystemExit("this worker can't start: " + "; ".join(wrong)) from None


@cache
def seams() -> Seams:
    """The sandbox on every host, and what else its role drives."""
    from dz.seams.sandbox.ladder import make

    ours = settings()
    trusted = ours.trusted_code or ours.role not in (BUILD, APPSERVER)  # the others run no project
    return Seams(
        sandbox=make(home=ours.home, forced=ours.sandbox, uid_base=ours.uid_base, trusted=trusted),
        supervisor=_supervisor(ours) if ours.role == "appserver" else None,
        proxy=proxy_of(ours) if ours.role == "proxy" else None,
        dbserver=_dbserver(ours) if ours.role == "database" else None,
    )


def _supervisor(ours: WorkerSettings) -> Supervisor:
    from dz.seams.supervisor.supervisord import Supervisord

    password = Secret(ours.supervisor_password.get_secret_value())
    return Supervisord(Path(ours.supervisor_socket), password, ours.home / "sites")


def proxy_of(ours: WorkerSettings) -> Nginx:
    """Of a proxy host."""
    from dz.seams.proxy.config import Own
    from dz.seams.proxy.front import Front
    from dz.seams.proxy.nginx import Nginx

    own = Own(
        panel=Path(ours.panel_socket) if ours.panel_socket else None,
        static=("/static/", Path(ours.panel_static)) if ours.panel_static else None,
        push=Path(ours.push_socket) if ours.push_socket else None,
        name=ours.panel_name,
        front=Front(proxies=tuple(ours.trusted_proxies.split()), scheme=ours.public_scheme, port=ours.public_port),
    )
    return Nginx(Path(ours.nginx), ours.home / "proxy", ours.listen, own=own)


def _dbserver(ours: WorkerSettings) -> DatabaseServer:
    from dz.seams.dbserver.postgres import Postgres

    return Postgres(Secret(ours.postgres_url.get_secret_value()), Path(ours.postgres_bin))
