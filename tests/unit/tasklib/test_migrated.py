"""When a release's migrate may be left out: only where it is certain that it would do nothing."""

from __future__ import annotations

from typing import Any

import pytest

from dz.log import Secret
from dz.names import AppId, Commit, Digest, HostName, InstanceId
from dz.seams.dbserver import Database
from dz.tasklib.appserver.migrated import asks_for_the_same
from dz.tasklib.records import Bundle, Deployment, Layer, Release, Running

APP = AppId("p00000042")
COMMIT = Commit("0" * 40)
MANIFEST = {"migrates": "all", "hooks": ["migrate"], "python": "3.13.0", "packages": {"django": "5.2", "six": "1.17"}}


def running(number: int, *, bundle: int = 1, database: str = APP, word: str = "", **manifest: Any) -> Running:
    layer = Layer(kind="env", key="env", digest=Digest("0" * 64), size=1)
    where = Database(
        server=InstanceId("db-1"), address="/run", port=5432, name=database, role=APP, password=Secret("x")
    )
    host = InstanceId("app-1")
    return Running(
        deployment=Deployment(
            id=number, app_id=APP, release=number, process="web.1", host=host, address="::1", port=1, state="healthy"
        ),
        bundle=Bundle(
            id=bundle, app_id=APP, commit=COMMIT, platform="linux", layers=(layer,), manifest=MANIFEST | manifest
        ),
        release=Release(
            app_id=APP,
            number=number,
            state="live",
            commit=COMMIT,
            build_config="",
            bundle_id=bundle,
            environment={"WORD": Secret(word)},
        ),
        database=where,
        secret_key=Secret("x"),
        hostnames=(HostName("shop.localhost"),),
    )


LIVE = running(1)


@pytest.mark.parametrize(
    ("new", "built"),
    [
        (running(2, bundle=2), True),
        (running(2), False),
        (running(2, word="new"), True),
        (running(2, bundle=2, packages={"django": "5.2", "six": "1.17", "humanize": "4.17"}), True),
    ],
    ids=["new code", "a restart", "new code and variables", "one more package"],
)
def test_what_asks_its_database_for_the_same_as_the_live_release_is_known(new: Running, built: bool) -> None:
    assert asks_for_the_same(LIVE, new, built=built)


@pytest.mark.parametrize(
    ("new", "built"),
    [
        (running(2, bundle=2, migrates="more"), True),
        (running(2, bundle=2, migrates=""), True),
        (running(2, bundle=2, packages={"django": "5.2.1", "six": "1.17"}), True),
        (running(2, bundle=2, packages={"django": "5.2"}), True),
        (running(2, bundle=2, python="3.12.0"), True),
        (running(2, bundle=2, hooks=["migrate", "fill"]), True),
        (running(2, bundle=2, database="p00000042_r2"), True),
        (running(2, bundle=2), False),
        (running(2, word="new"), False),
    ],
    ids=[
        "other models",
        "unknown",
        "another version",
        "a package less",
        "another Python",
        "other hooks",
        "a restored database",
        "a rollback",
        "a variable",
    ],
)
def test_what_may_ask_for_more_is_migrated(new: Running, built: bool) -> None:
    assert not asks_for_the_same(LIVE, new, built=built)


def test_where_nobody_can_tell_what_the_live_release_asked_for_the_next_is_migrated() -> None:
    assert not asks_for_the_same(running(1, migrates=""), running(2, bundle=2, migrates=""), built=True)
