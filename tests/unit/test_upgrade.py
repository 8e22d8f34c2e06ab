"""``dz up`` after the source changed: what ran the old one is started anew, and nobody's request is cut for it."""

from __future__ import annotations

from dz.local import up
from dz.local.service import Service


def test_another_version_of_our_source_starts_all_that_runs_it_anew_but_nginx() -> None:
    def spec(name: str, digest: str) -> Service:
        return up._of_this_source(Service(name=name, argv=("python",), env={"A": "1"}, user="dz-core"), digest * 16)

    assert spec("panel", "1") != spec("panel", "2") == spec("panel", "2")
    assert spec("nginx", "1") == spec("nginx", "2")
