"""What a release says of itself is a stranger's file: whatever it is, the step goes on, and the proof is made by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.names import AppId, Commit, Digest
from dz.seams.supervisor import Program
from dz.seams.supervisor.fake import FakeSupervisor
from dz.tasklib.appserver import deployments
from dz.tasklib.appserver.deployments import _said, deploy
from dz.tasklib.build.layers import key_of
from dz.tasklib.build.proof import LEARNED as LEARNS
from dz.tasklib.build.proof import judged
from dz.tasklib.build.verdict import KEEP, said_result
from dz.tasklib.build.word import taken
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.records import Bundle, Layer
from tests.unit.tasklib.test_reconcile import Door, context, healthy
from tests.unit.tasklib.test_site import site

LEARNED = {"static_url": "/static/", "media_url": "x", "static_inputs": "new", "staticfiles": True}
TRY = {"settings": "shop.settings", "ok": True, "stage": "", "seconds": 0.0, "collected": True, "learned": LEARNED}


@pytest.mark.parametrize(
    ("lay", "said"),
    [
        (lambda at: at.write_text("{}"), "{}"),
        (lambda at: at.write_text("[" * 2 * KEEP), "[" * KEEP),
        (lambda at: at.write_text("{\0}"), ""),
        (lambda at: at.write_bytes(b"\xff{}"), "\ufffd{}"),
        (lambda at: at.symlink_to("/etc/passwd"), ""),
        (lambda at: at.symlink_to("n" * 300), ""),
        (lambda at: at.symlink_to(at), ""),
        (os.mkfifo, ""),
        (Path.mkdir, ""),
    ],
    ids=["plain", "deep", "NUL", "no text", "link", "link to no name", "loop", "FIFO", "folder"],
)
def test_whatever_lies_where_a_release_says_what_it_is_nothing_waits_or_fails(
    tmp_path: Path, lay: Callable[[Path], object], said: str
) -> None:
    folder = site(tmp_path).folder
    folder.mkdir(parents=True)
    lay(folder / "said.json")
    supervisor = FakeSupervisor()
    name = healthy().program
    supervisor.start(Program(name=name, argv=("sleep", "600"), cwd=tmp_path, log=tmp_path / "log"))
    ctx = context(tmp_path, "appserver", SimpleNamespace(), supervisor=supervisor)  # type: ignore[arg-type]
    ctx.left = lambda _: 0.5
    assert _said(ctx, healthy()) == said
    assert said_result(said) is None
    supervisor.stop(name)


def test_a_release_that_says_that_its_static_files_are_collected_is_not_believed() -> None:
    result = said_result(json.dumps({"python": "3.13.0", "tries": [TRY]}))
    assert result is not None
    nothing = SimpleNamespace(learn=lambda *_: None, note=lambda *_, **__: None)
    ctx: Any = SimpleNamespace(door=nothing, log=nothing)
    assert judged(ctx, BuildConfig(), result, laid=True).collected
    assert not judged(ctx, BuildConfig(), result, laid=False).collected


@pytest.mark.parametrize(
    ("learned", "word"),
    [
        ({}, True),
        ({"migrations": [["notes", "0002_more", True]], "pages": ["/more/"]}, True),
        ({"static_url": "/assets/"}, False),
        ({"static_url": "not for a proxy"}, False),
        ({"static_inputs": "others"}, False),
        ({"static_inputs": ""}, False),
        ({"staticfiles": False}, False),
    ],
    ids=["as foreseen", "a migration more", "another address", "no address", "other files", "nobody knows", "none"],
)
def test_a_release_is_taken_at_its_word_where_it_would_be_started_as_it_was(
    tmp_path: Path, learned: dict[str, Any], word: bool
) -> None:
    config = BuildConfig(django_settings_module="shop.settings", hooks=["collectstatic", "migrate"])
    key = key_of("static", guest_folder(tmp_path).name, "new")
    manifest = {
        **dict.fromkeys(LEARNS, ""),
        "settings_module": "shop.settings",
        "static_url": "/static/",
        "python": "3",
    }
    bundle = Bundle(
        id=1,
        app_id=AppId.of(1),
        commit=Commit("a" * 40),
        platform="linux",
        layers=(Layer(kind="static", key=key, digest=Digest("0" * 64), size=1),),
        manifest=manifest,
    )
    kept: list[dict[str, Any]] = []
    told: list[str] = []

    def save(*, platform: str, layers: Any, manifest: dict[str, Any]) -> Bundle:
        assert (platform, layers) == (bundle.platform, bundle.layers)
        kept.append(manifest)
        return bundle

    door = SimpleNamespace(
        bundle=lambda: bundle,
        release=lambda: SimpleNamespace(build_config=config.text()),
        learn=lambda text, _: told.append(text),
        save_bundle=save,
    )
    ctx: Any = SimpleNamespace(
        door=door,
        log=SimpleNamespace(note=lambda *_, **__: None),
        settings=SimpleNamespace(home=tmp_path),
        results={"build_and_deploy": {"inputs": "of this commit"}},
    )
    said = json.dumps({"python": "3.13.0", "tries": [TRY | {"learned": TRY["learned"] | learned}]})
    assert (taken(ctx, said) is bundle) is word
    assert len(told) == len(kept) == word  # else prove tells it
    for one in kept:
        assert (one["inputs"], one["python"]) == ("of this commit", "3")
        assert one["migrations"] == learned.get("migrations", [])


@pytest.mark.parametrize(
    ("bundle", "told"),
    [(SimpleNamespace(id=7), {"bundle": 7, "proved": True}), (None, {"said": "{}"})],
    ids=["taken", "not taken"],
)
def test_a_deploy_tells_that_its_bundle_is_proved_or_what_its_release_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Any, told: dict[str, Any]
) -> None:
    for name, gives in {"start": None, "_said": "{}", "taken": bundle}.items():
        monkeypatch.setattr(deployments, name, lambda *_, gives=gives: gives)
    monkeypatch.setattr(deployments.ownredis, "have", lambda _: None)
    here = healthy()
    door = Door(project=SimpleNamespace(app_id=here.app_id), deployments=(here,))
    ctx = context(tmp_path, "appserver", door, supervisor=FakeSupervisor())
    ctx.results = {"build_bundle": {"candidates": {"wsgi": ["shop.wsgi"]}}}
    assert {name: said for name, said in deploy(ctx).items() if name != "deployments"} == told
    ctx.results = {}  # a release of a bundle that is there: it was asked nothing
    assert set(deploy(ctx)) == {"deployments"}
