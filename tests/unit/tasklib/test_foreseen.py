"""When what a proof will learn is foreseen from the live release, and when it is no fair guess."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dz.errors import PlatformError, UserError
from dz.names import AppId, Commit, Digest
from dz.tasklib.appserver import hooks
from dz.tasklib.appserver.hooks import post_build_hooks
from dz.tasklib.build.bundle import foreseen, started_with
from dz.tasklib.build.layers import key_of
from dz.tasklib.build.proof import LEARNED, STARTED_WITH
from dz.tasklib.build.proving import prove
from dz.tasklib.build.trial import reads
from dz.tasklib.build.verdict import Broker
from dz.tasklib.build_and_deploy import BUILD_AND_DEPLOY
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.records import Basis, Bundle, Guess, Layer

STATIC = Layer(kind="static", key="static", digest=Digest("0" * 64), size=1)
ENV = Layer(kind="env", key="env", digest=Digest("1" * 64), size=1)


@pytest.mark.parametrize(
    "other",
    [
        {"learned": LEARNED[:-1]},
        {"rebuild": True},
        {"incomplete": True},
        {"left_out": (("pycups", "libcups"),)},
        {"said": BuildConfig(python_version="3.12").text()},
        {"stored": None},
        {"live": False},
        {"made_from": f"env {'a' * 40} shop.settings"},
    ],
    ids=[
        "an earlier version",
        "rebuild",
        "no front end",
        "left out",
        "another Python",
        "lost",
        "nothing live",
        "compressed",
    ],
)
def test_what_is_no_fair_guess_is_not_foreseen(other: dict[str, Any], tmp_path: Path) -> None:
    config = BuildConfig()
    manifest = dict.fromkeys(other.get("learned", LEARNED), "") | {"settings_module": "shop.settings", "front_end": ""}
    made_from = other.get("made_from", "a hash of what is collected")
    static = replace(STATIC, key=key_of("static", guest_folder(tmp_path).name, made_from))
    live = Bundle(
        id=1, app_id=AppId.of(1), commit=Commit("a" * 40), platform="linux", layers=(ENV, static), manifest=manifest
    )
    release = SimpleNamespace(build_config=other.get("said", config.text()))
    door = SimpleNamespace(
        live_build=lambda: (release, live) if other.get("live", True) else None,
        find_layer=lambda *_: other.get("stored", STATIC),
    )
    settings = SimpleNamespace(home=tmp_path)
    ctx = SimpleNamespace(params={"rebuild": other.get("rebuild", False)}, door=door, settings=settings)
    build: Any = SimpleNamespace(ctx=ctx, incomplete=other.get("incomplete", False), config=config)
    environment: Any = SimpleNamespace(left_out=other.get("left_out", ()))
    assert foreseen(build, environment, Future()) is None


@pytest.mark.parametrize(
    ("told", "skipped"),
    [
        ({"build_bundle": {}, "deploy": {}}, True),
        ({"build_bundle": {"foreseen": []}, "deploy": {"said": "{}"}}, False),
        ({"build_bundle": {"foreseen": []}, "deploy": {"proved": True}}, True),
        ({"build_bundle": {"foreseen": []}}, False),
    ],
    ids=["by the build", "not by what it said", "by its word", "nothing deployed"],
)
def test_the_proof_is_skipped_only_of_a_bundle_that_is_proved(told: dict[str, Any], skipped: bool) -> None:
    needless = BUILD_AND_DEPLOY.step("prove").needless
    assert needless is not None and needless(told) is skipped


def test_the_same_static_files_below_another_key_are_fetched_before_the_release_goes_on() -> None:
    """After an update of the platform: the release would go on in a folder that no host has."""
    manifest = dict.fromkeys(STARTED_WITH, "")
    before, after = (
        Bundle(
            id=1, app_id=AppId.of(1), commit=Commit("a" * 40), platform="linux", layers=(ENV, one), manifest=manifest
        )
        for one in (STATIC, replace(STATIC, key="of another platform"))
    )
    assert started_with(after) != started_with(before)


def test_a_job_from_before_an_update_that_has_no_proof_to_come_does_not_go_live() -> None:
    ctx: Any = SimpleNamespace(results={"build_bundle": {"foreseen": []}})
    with pytest.raises(PlatformError, match="proves its bundle"):
        post_build_hooks(ctx)


@pytest.mark.parametrize(("built", "so", "known"), [(True, False, True), (False, True, True), (False, False, False)])
def test_that_an_application_names_no_broker_is_known_with_the_variables_of_its_proof(
    built: bool, so: bool, known: bool
) -> None:
    ctx: Any = SimpleNamespace(built=built, door=SimpleNamespace(was_proved_so=lambda: so))
    bundle = SimpleNamespace(manifest={"brokerless": ["shop"]})
    one: Any = SimpleNamespace(running=SimpleNamespace(bundle=bundle))
    assert hooks.brokerless(ctx, one) == ({"shop": Broker()} if known else {})


@pytest.mark.parametrize(("command", "titles"), [("loaddata shop", ["Run loaddata"]), ("migrate --plan", [])])
def test_a_step_whose_command_fails_is_named_for_that_one(
    command: str, titles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise UserError("hook.failed", command=command, error="no such fixture")

    said: list[str] = []
    monkeypatch.setattr(hooks, "run_command", fails)
    ctx: Any = SimpleNamespace(part=lambda _title: nullcontext(), log=SimpleNamespace(title=said.append))
    with pytest.raises(UserError):
        hooks._hook(ctx, cast(Any, None), None, command, [])
    assert said == titles


def test_a_release_is_told_what_the_platform_fills_and_which_switches_are_off() -> None:
    found = {"environment": ["DATABASE_URL\nPAYMENT_KEY"], "environment_off": ["DEBUG=\nSITE_DEBUG=0"]}
    found["environment_as"] = ["PASSWORD<DB_PASSWORD"]

    def guesses(name: str) -> list[Guess]:
        return [Guess(field=name, value=one, basis=Basis(), confidence=1.0) for one in found[name]]

    build: Any = SimpleNamespace(ctx=SimpleNamespace(door=SimpleNamespace(guesses=guesses)))
    assert sorted(reads(build)) == ["DATABASE_URL", "DEBUG=", "PASSWORD<DB_PASSWORD", "SITE_DEBUG=0"]


def test_a_job_that_is_older_than_the_step_has_nothing_left_to_prove() -> None:
    ctx: Any = SimpleNamespace(results={"build_bundle": {"bundle": 1}})
    assert prove(ctx) == {}
