"""What Tab offers: the grammar's own words, and names from the platform; nothing, and at once, where there is none."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

from dz.cli.completing import candidates
from tests.panels import Panel

HERE = Path(__file__).resolve().parents[3] / "src/dz/cli/completion"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("resta", ["restart"]),
        ("job ", ["cancel"]),
        ("env s", ["set"]),
        ("logs shop --lev", ["--level"]),
        ("logs shop --level e", ["error"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("run shop --js", ["--json"]),
        ("run shop -- --js", []),
        ("delpoy ", []),
    ],
)
def test_the_grammar_says_what_may_follow(
    typed: str, offered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_HOME", str(tmp_path))  # no platform
    assert candidates(typed.split(" ")) == offered


def test_names_come_from_the_platform_and_a_shell_gets_them(panel: Panel) -> None:
    assert panel.dz("check", "https://git.example/ada/shop", "--timeout", "0.1").code == 6
    script = f'. {HERE}/dz.bash; COMP_WORDS=(dz env set sh); COMP_CWORD=3; _dz dz; echo "${{COMPREPLY[@]}}"'
    dz = Path(panel.environment()["PATH"].split(":")[0]) / "dz"
    assert dz.exists()
    ran = subprocess.run(["bash", "-c", script], env=panel.environment(), capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["shop"]
    assert panel.dz("--complete", "deploy", "sh").out == "shop\n"
    assert panel.dz("--complete", "deploy", "--ref", "sh").out == "\n", "a branch is no name"
    panel.stop()
    assert panel.dz("--complete", "ps", "sh").out == "\n"


def test_a_platform_that_takes_the_question_and_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("DZ_SERVER", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert candidates(["ps", "sh"]) == []
        assert time.monotonic() - began < 20, "any other command waits 30 s"
