"""The reverse proxy: hostnames to deployments.

Contract. ``apply`` makes one project's site what the Site value says (None: none), tests the whole configuration, swaps
and reloads, and returns once no worker with the old configuration is left (or after ``wait`` seconds, returning the
number of those that linger). What does not pass the test changes nothing, raises PlatformError and keeps the last good
configuration in force. ``applied`` reads back what is in force. ``free_places`` frees what visitors of a worker that
was killed had taken (see ``bounds``), and says whether there was one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dz.names import AppId, HostName


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``static_roots``: folders looked up in this order for ``static_url`` (the newest release first). ``resting``: it
    leads nowhere, every address answers with a plain page (503) that says so."""

    app_id: AppId
    hostnames: tuple[HostName, ...]
    upstreams: tuple[Upstream, ...]
    static_url: str = ""
    static_roots: tuple[Path, ...] = ()
    release: int = 0
    max_body: str = "100m"
    read_timeout: int = 120  # seconds
    resting: bool = False


class Proxy(Protocol):
    def apply(self, app_id: AppId, site: Site | None, *, wait: float = 30.0) -> int: ...

    def applied(self) -> dict[AppId, str]:
        """Of each project in force, a digest of its configuration as ``digest_of(site)`` gives it."""

    def digest_of(self, site: Site) -> str: ...

    def free_places(self) -> bool: ...
