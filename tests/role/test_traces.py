"""Many deploys: what lies in the store, on the build host and on the proxy is what the kept releases are made of, and
what the store has lost is made anew."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dz.seams.proxy.fake import FakeProxy
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders
from dz.tasklib.hosting import Seams
from tests.role.test_zoomdb import COMMIT, hosts, j, on_a_host

__all__ = ["hosts", "j"]
DEPLOYS, KEPT = 12, 5


def build(ctx: Context, number: int) -> None:
    """A release of an env layer that stays the same, and of code and files that are new."""
    from dz.tasklib.build import layers
    from dz.tasklib.build.storing import bundle_upload

    ctx.door.open_release(commit=COMMIT, subject="s", branch="main", build_config="")
    app_id = ctx.door.project().app_id
    folders = Folders(ctx.settings.home)
    made = []
    for kind, key in (("env", "env"), ("app", f"app-{number}"), ("static", f"static-{number}")):
        known = ctx.door.find_layer(kind, key)
        if known is None:
            files = folders.layer(app_id, kind, key)
            out = folders.build(app_id) / "out"
            for folder in (files, out):
                folder.mkdir(parents=True, exist_ok=True)
            (files / "file").write_text(key)
            known = layers.pack(files, kind=kind, key=key, into=out)
        made.append(known)
    ctx.door.save_bundle(platform="linux", layers=made, manifest={"static_url": "/static/", "inputs": str(number)})
    bundle_upload(ctx)


def at_host(claimed: Any, name: str, role: str, proxy: FakeProxy, home: Path) -> Context:
    ctx = on_a_host(claimed, name, role, home / role)
    settings = ctx.settings.model_copy(update={"bundle_store": f"file://{home}/store"})
    return replace(ctx, settings=settings, seams=Seams(sandbox=ctx.seams.sandbox, proxy=proxy))


def dies() -> None:
    raise KeyboardInterrupt


def deploy(j: Any, shop: Any, number: int, proxy: FakeProxy, home: Path) -> None:
    """One job, its build, switch and clearing away by the real functions."""
    from dz.tasklib.build.storing import prune
    from dz.tasklib.proxy.routes import proxy_update

    def at(step: str, name: str, role: str) -> Context:
        return at_host(j.claim(job, step), name, role, proxy, home)

    def over(ctx: Any) -> None:
        assert j.record(ctx.door._claimed)

    job = j.accept(shop)
    shop.hostnames.get_or_create(hostname="shop.localhost")
    builder = at("build_bundle", "build-1", "build")
    build(builder, number)
    builder.door.healthy(builder.door.place("app-1", ports=range(21000, 21099)).id)
    over(builder)
    j.do(job, "create_database", "bundle_upload")
    switch = at("switch", "proxy-1", "proxy")
    proxy_update(switch)
    over(switch)
    if number > 1:
        old = at("retire", "app-1", "appserver")
        old.door.stopped(old.door.retiring()[0].id)
        over(old)
    pruning = at("prune", "build-1", "build")
    with suppress(KeyboardInterrupt):  # killed where the row and the store differ, and done again
        prune(replace(pruning, midway=dies))
    prune(pruning)
    over(pruning)
    assert j.state(job) == "succeeded"


@pytest.mark.usefixtures("hosts")
def test_twelve_deploys_leave_what_the_kept_releases_are_made_of(j: Any, tmp_path: Path) -> None:
    shop, proxy = j.project(), FakeProxy()
    for number in range(1, DEPLOYS + 1):
        deploy(j, shop, number, proxy, tmp_path)

    kept = range(DEPLOYS - KEPT, DEPLOYS + 1)  # the live one beside them
    there = {"env-env", *(f"static-static-{number}" for number in kept)}  # code stays packed
    folders = Folders(tmp_path / "build")
    assert {one.name for one in folders.layers(shop.app_id).iterdir()} == there
    assert len(list((tmp_path / "store").rglob("*.tar.zst"))) == len(there) + len(kept)
    assert list((folders.build(shop.app_id) / "out").iterdir()) == []
    statics = Folders(tmp_path / "proxy").statics(shop.app_id)
    assert {one.name for one in statics.iterdir()} == {f"static-{n}" for n in range(DEPLOYS - 2, DEPLOYS + 1)}
    assert [root.name for root in proxy.sites[shop.app_id].static_roots] == ["static-12", "static-11", "static-10"]


@pytest.mark.usefixtures("hosts")
def test_a_bundle_of_which_the_store_has_lost_a_layer_is_not_taken_and_that_layer_is_made_anew(
    j: Any, tmp_path: Path
) -> None:
    from dz.tasklib.bringing import store_of
    from dz.tasklib.build.opening import built_before

    shop, proxy = j.project(), FakeProxy()
    deploy(j, shop, 1, proxy, tmp_path)
    ctx = at_host(j.claim(j.accept(shop), "build_bundle"), "build-1", "build", proxy, tmp_path)
    found = built_before(ctx, ctx.door.project(), "1")
    assert found is not None and found[0].number == 1
    lost = found[1].layer("app")
    assert lost is not None
    store_of(ctx, shop.app_id).delete(lost.digest)
    assert built_before(ctx, ctx.door.project(), "1") is None
    assert ctx.door.find_layer("app", lost.key) is None
    assert ctx.door.find_layer("env", "env") is not None


@pytest.mark.usefixtures("hosts")
def test_a_layer_of_another_project_is_never_taken_though_it_was_made_from_the_same(j: Any, tmp_path: Path) -> None:
    deploy(j, j.project(), 1, FakeProxy(), tmp_path)
    other = j.claim(j.accept(j.project()), "build_bundle")
    ctx = at_host(other, "build-1", "build", FakeProxy(), tmp_path)
    assert [ctx.door.find_layer(kind, key) for kind, key in (("env", "env"), ("static", "static-1"))] == [None, None]
