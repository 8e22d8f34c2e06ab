"""When what a proof will learn is foreseen from the live release, and when it is no fair guess."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from dz.names import AppId, Commit
from dz.tasklib.build.bundle import foreseen
from dz.tasklib.build.trial import LEARNED
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.records import Bundle


def test_a_live_bundle_of_an_earlier_version_which_learned_less_foresees_nothing() -> None:
    config = BuildConfig()
    manifest = dict.fromkeys(LEARNED[:-1], "")
    live = Bundle(id=1, app_id=AppId.of(1), commit=Commit("a" * 40), platform="linux", layers=(), manifest=manifest)
    door = SimpleNamespace(live_build=lambda: (SimpleNamespace(build_config=config.text()), live))
    build: Any = SimpleNamespace(ctx=SimpleNamespace(params={}, door=door), incomplete=False, config=config)
    environment: Any = SimpleNamespace(left_out=())
    assert foreseen(build, environment, Future()) is None
