"""The seams that a step may use, as one value made once per worker."""

from __future__ import annotations

from dataclasses import dataclass

from dz.seams.dbserver import DatabaseServer
from dz.seams.proxy import Proxy
from dz.seams.sandbox import Sandbox
from dz.seams.supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What this host's role drives; the others are None."""

    sandbox: Sandbox
    supervisor: Supervisor | None = None
    proxy: Proxy | None = None
    dbserver: DatabaseServer | None = None
