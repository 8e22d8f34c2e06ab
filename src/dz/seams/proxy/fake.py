"""A proxy in memory that passes the same contract tests: it refuses what the real one refuses and serves nothing."""

from __future__ import annotations

import hashlib

from dz.names import AppId
from dz.seams.proxy import Site
from dz.seams.proxy.sitefile import site_text

LISTEN = "127.0.0.1:8800"


class FakeProxy:
    def __init__(self) -> None:
        self.sites: dict[AppId, Site] = {}

    def apply(self, app_id: AppId, site: Site | None, *, wait: float = 30.0) -> int:
        if site is None:
            self.sites.pop(app_id, None)
        else:
            self.digest_of(site)
            self.sites[app_id] = site
        return 0

    def applied(self) -> dict[AppId, str]:
        return {app_id: self.digest_of(site) for app_id, site in self.sites.items()}

    def free_places(self) -> bool:
        return False

    def digest_of(self, site: Site) -> str:
        return hashlib.sha256(site_text(site, LISTEN).encode()).hexdigest()
