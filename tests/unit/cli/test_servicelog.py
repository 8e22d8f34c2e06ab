"""The logs of the platform's own services: the end of a file that supervisord rotates, and what comes."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from dz.cli import servicelog
from dz.cli.screen import Screen
from dz.errors import UserError


def test_the_last_lines_come_over_a_rotation_and_what_comes_is_read_once_over_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_HOME", str(tmp_path))
    log = tmp_path / "log/panel.log"
    log.parent.mkdir()
    log.with_name("panel.log.1").write_text("one\ntwo\n")
    log.write_text("three\n")
    out, steps = StringIO(), iter(range(3))

    def meanwhile(_: float) -> None:
        match next(steps):
            case 0:
                with log.open("a") as opened:
                    opened.write("four\nfi")
            case 1:
                log.rename(log.with_name("panel.log.1"))
                log.write_text("six\n")
            case 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(servicelog.time, "sleep", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        servicelog.show("panel", count=2, follow=True, as_json=False, screen=Screen(out=out, err=out))
    assert out.getvalue().split() == ["two", "three", "four", "six"]


def test_a_service_that_there_is_not_is_told_with_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DZ_HOME", str(tmp_path))
    (tmp_path / "log").mkdir()
    (tmp_path / "log/panel.log").touch()
    with pytest.raises(UserError) as told:
        servicelog.show("../token", count=1, follow=False, as_json=False, screen=Screen())
    assert told.value.brief == "The platform has no service '../token'; it has panel."
