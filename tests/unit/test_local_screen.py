"""What the embedded platform's commands print while they work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dz.local.screen import Screen
from tests.unit.cli.test_words import Terminal
from tests.waiting import until


def test_a_terminal_shows_the_stage_at_work_and_keeps_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with Screen().running("Deploy hello") as stage:
        stage.detail = "Run migrations\x1b[2J"
        until(lambda: "Run migrations" in terminal.getvalue(), what="the stage is shown", deadline=30)
    Screen().step("Deploy hello", stage.seconds, "release 1")
    shown = terminal.getvalue().split("\r\x1b[K")
    assert shown[1].startswith(" ● Deploy hello")
    assert "\x1b" not in "".join(shown)
    assert shown[-1].startswith(" ✓ Deploy hello")


def test_a_pipe_gets_whole_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Terminal(tty=False)
    monkeypatch.setattr(sys, "stderr", pipe)
    with Screen().running("Deploy hello"):
        pass
    assert pipe.getvalue() == ""


def test_the_next_act_is_said_as_it_can_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dz").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DZ_TYPED", "./dz")
    monkeypatch.setenv("PATH", "")
    pipe = Terminal(tty=False)
    monkeypatch.setattr(sys, "stderr", pipe)
    Screen().check("services", ok=False, detail="silent: nginx", mend="dz up starts what is down.")
    assert "Next       ./dz up starts" in pipe.getvalue()
