"""Between a git pull and the make up that follows, commands are of one version and the platform of another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dz import source
from tests.backends import backend

OLD = {"/api/v1/projects/shop": (200, {}, json.dumps({"name": "shop"}))}


def dz(home: Path, *words: str) -> tuple[int, dict[str, str | None]]:
    env = {"DZ_HOME": str(home), "PATH": os.environ["PATH"]}
    ran = subprocess.run(
        [sys.executable, "-m", "dz.cli", *words, "--json"], capture_output=True, text=True, check=False, env=env
    )
    return ran.returncode, json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("stamp", "told"), [("0" * 64, "cli.another-version"), (source.digest(), "cli.unexpected"), ("", "cli.unexpected")]
)
def test_an_answer_of_another_version_is_told_as_that(tmp_path: Path, stamp: str, told: str) -> None:
    with backend("old", dict(OLD)) as panel:
        address = {"socket": "", "url": f"http://127.0.0.1:{panel.port}/"}
        (tmp_path / "client.json").write_text(json.dumps(address))
        (tmp_path / "token").write_text("t")
        (tmp_path / source.STAMP).write_text(stamp)
        code, document = dz(tmp_path, "open", "shop")
        assert (code, document["error_id"]) == (3, told)
        assert ("make up" in str(document["next"])) == (told == "cli.another-version")


def test_a_state_of_another_version_is_told_as_that_and_up_adds_what_it_lacks(tmp_path: Path) -> None:
    from dz.errors import PlatformError
    from dz.local import keys, state
    from dz.local.layout import Layout

    layout = Layout(tmp_path)
    keys.make(layout)
    state.keep(layout, state.State(host="127.0.0.1", port=8801, broker="valkey"))
    file = tmp_path / "secrets" / "passwords.json"
    known = json.loads(file.read_text())
    file.write_text(json.dumps(dict(list(known.items())[1:])))
    (tmp_path / source.STAMP).write_text("0 valkey /x\n")
    code, document = dz(tmp_path, "status")
    assert (code, document["error_id"]) == (1, "cli.another-version")
    with pytest.raises(PlatformError, match="no password"):
        keys.passwords(layout)
    keys.make(layout)
    made = json.loads(file.read_text())
    assert (made.keys(), dict(list(made.items())[1:])) == (known.keys(), dict(list(known.items())[1:]))
