"""What a build's step is called once its proof has asked for one more package."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.tasklib.build import dependencies
from dz.tasklib.build.locked import Locked, Requirement
from dz.tasklib.build.wanted import Wanted
from tests.unit.test_interpreters import HERE


@pytest.mark.parametrize(
    ("known", "title"),
    [
        (True, "Build the bundle: 1 dependencies from the last env layer"),
        (False, "Build the bundle: install 1 dependencies"),
    ],
)
def test_a_step_is_named_once_whatever_its_proof_adds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: bool, title: str
) -> None:
    titles: list[str] = []
    locked = Locked(project=(Requirement(name="django", version="5.2", hashes=("a" * 64,)),), platform=())
    instead: dict[str, Any] = {
        "choose_python": lambda build: (HERE[0], ()),
        "open_bench": lambda build, python: SimpleNamespace(python=python),
        "wanted_of": lambda build, added: Wanted(installer="none", files=(), added=added),
        "_as_of": lambda build: "",
        "_resolved": lambda build, bench, wanted, others: (bench, locked, tmp_path),
        "env_key": lambda locked, python: "key",
        "store_of": lambda ctx, app_id: None,
        "bring": lambda *words: None,
        "_install": lambda *words: None,
        "pack": lambda *words: None,
    }
    for name, what in instead.items():
        monkeypatch.setattr(dependencies, name, what)
    log = SimpleNamespace(title=titles.append, note=lambda text: None)
    door = SimpleNamespace(find_layer=lambda kind, key: SimpleNamespace() if known else None)
    folders = SimpleNamespace(layer=lambda *words: tmp_path)
    build: Any = SimpleNamespace(
        ctx=SimpleNamespace(log=log, door=door), project=SimpleNamespace(app_id="p1"), folders=folders
    )
    dependencies.provide(build)
    dependencies.made(build, dependencies.choose(build, aged=True))
    dependencies.provide(build, ("whoosh",))
    assert titles == [title]
