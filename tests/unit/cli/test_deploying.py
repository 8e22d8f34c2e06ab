"""What ``dz check`` shows of its findings, and what it takes for the project."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dz.cli import clone
from dz.cli.client import Api, Unreachable
from dz.cli.deploying import _shown, _tell_of_earlier, _tell_verdict, check, summary
from dz.cli.where import Server
from dz.errors import UserError
from tests.repositories import new_repository
from tests.unit.cli.test_words import screen

WHY = "it holds Django's settings; manage.py:9 names it; and it imports without a variable"


def guess(field: str, value: str, confidence: float, *, primary: bool = True) -> dict[str, Any]:
    basis = {"file": "shop/settings/production.py", "line": 42, "excerpt": "", "why": WHY}
    return {"field": field, "value": value, "confidence": confidence, "is_primary": primary, "basis": basis}


CHECKED: dict[str, Any] = {
    "project": "shop",
    "ref": "main",
    "commit": "7f3c9d1aaa",
    "seconds": 1.8,
    "steps": [{"host": "build-1"}],
    "guesses": [
        guess("settings_module", "shop.settings.production", 0.8),
        guess("settings_module", "shop.settings.dev", 0.7, primary=False),
        guess("python_version", "3.12", 0.97),
    ],
    "missing": [{"name": "STRIPE_API_KEY", "where": "shop/settings/production.py:60", "why": "it has no default"}],
    "later": [{"name": "VAT_RATE", "where": "shop/views.py:12", "why": "it fails without this when it is used"}],
    "to_choose": ["settings_module"],
    "warnings": ["Procfile:2 is not run, for it is more than management commands."],
    "form": "http://localhost:8800/projects/shop/form",
}


def shown(**how: Any) -> str:
    seen = screen(NO_COLOR="1", **how)
    summary(CHECKED, seen, seen.answer)
    return seen.out.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_in_a_pipe_a_finding_is_one_whole_line() -> None:
    line = next(line for line in shown(tty=False, width=None).splitlines() if "Settings" in line)
    assert WHY in line
    assert "or shop.settings.dev" in line


def test_what_only_a_page_asks_for_is_told_and_asked_of_nobody() -> None:
    line = next(line for line in shown(tty=False, width=None).splitlines() if "VAT_RATE" in line)
    assert line.startswith("  Wanted later   VAT_RATE") and line.endswith("it fails without this when it is used")
    seen = screen(NO_COLOR="1")
    _tell_verdict(CHECKED, seen)
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert "--env STRIPE_API_KEY\n" in said
    assert "No deploy waits for VAT_RATE: only code in use reads it.\n" in said
    assert "dz env set shop VAT_RATE" in said and "dz env leave" in said


def test_a_name_that_is_taken_again_leads_to_the_backup_of_the_one_before() -> None:
    seen = screen(NO_COLOR="1")
    _tell_of_earlier(CHECKED, seen)
    _tell_of_earlier(CHECKED | {"earlier": None}, seen)
    assert seen.err.getvalue() == ""  # type: ignore[attr-defined]
    _tell_of_earlier(CHECKED | {"earlier": {"backup": 3, "created_at": "2026-11-24T14:05:31Z"}}, seen)
    first, *_, last = seen.err.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first.startswith("Another shop was destroyed; its last backup, made ")
    assert "dz destroy shop --no-backup, then " in last and last.endswith("dz db download shop")


def test_each_item_of_a_list_has_its_own_reason() -> None:
    items = [guess("extras", name, 0.8, primary=False) for name in ("extra prod", "group redis")]
    items[1]["basis"] |= {"file": "Dockerfile", "why": "the recipe installs it"}
    joined = guess("extras", "extra prod\ngroup redis", 0.8)
    seen = screen(NO_COLOR="1", tty=False, width=None)
    summary(CHECKED | {"guesses": [joined, *items]}, seen, seen.answer)
    first, second = [line for line in seen.out.getvalue().splitlines() if "extra prod" in line or "redis" in line]  # type: ignore[attr-defined]
    assert first.startswith("  Extras ") and WHY in first and "group redis" not in first
    assert second.endswith("Dockerfile:42   the recipe installs it")


def test_on_a_narrow_terminal_evidence_goes_on_under_the_value() -> None:
    text = shown(width=60)
    assert all(len(line) <= 60 for line in text.splitlines())
    assert WHY in " ".join(text.split())
    under = [line for line in text.splitlines() if "it holds" in line]
    assert under[0].startswith(" " * 17)


@pytest.mark.parametrize(
    "typed", ["https://me:hunter2@h.example/r", "http://hunter2@h.example/r", "ssh://g:hunter2@h/r"]
)
def test_a_password_in_an_address_is_not_shown(typed: str) -> None:
    assert "hunter2" not in _shown(typed)
    assert _shown("ssh://git@h.example/r") == "ssh://git@h.example/r"


def test_a_commit_of_no_branch_is_named_alone() -> None:
    seen = screen(NO_COLOR="1")
    summary(CHECKED | {"ref": ""}, seen, seen.answer)
    assert seen.out.getvalue().startswith("shop @ 7f3c9d1 · 1.8 s")  # type: ignore[attr-defined]


def test_what_needs_somebody_is_said_with_the_way_to_change_it() -> None:
    seen = screen(NO_COLOR="1")
    _tell_verdict(CHECKED, seen)
    said = seen.err.getvalue()  # type: ignore[attr-defined]
    assert "Note: Procfile:2 is not run" in said
    assert "once STRIPE_API_KEY has a value" in said
    assert "Taken as ranked: Settings. To choose otherwise: http://localhost:8800/projects/shop/form" in said


@pytest.mark.parametrize("look", [clone.here, clone.committed])
def test_djangozooms_own_clone_is_no_site(look: Any, tmp_path: Path) -> None:
    (tmp_path / "src/dz/cli").mkdir(parents=True)
    (tmp_path / "src/dz/cli/clone.py").touch()
    (tmp_path / "sample").mkdir()
    subprocess.run(["/usr/bin/git", "init", "-q", tmp_path], check=True)
    with pytest.raises(UserError) as told:
        look(tmp_path / "sample")
    assert told.value.id == "cli.own-clone"


def test_a_platform_that_does_not_answer_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as failed:
        Api(Server(url="", socket=str(tmp_path / "panel"))).get("/projects")
    assert failed.value.told.error == f"The platform at {tmp_path}/panel can't be reached: No such file or directory."


def test_a_folder_that_pushes_to_a_project_is_not_made_a_second_one_by_a_look_at_it(tmp_path: Path) -> None:
    class Asked(Api):
        def get(self, path: str, **_: Any) -> Any:
            assert path == "/projects"
            return []

    alone = new_repository(tmp_path / "alone", {"manage.py": "first\n"})
    alone.git("remote", "add", "dz", "http://localhost:8800/git/shop.git")
    alone.git("config", "credential.http://localhost:8800.helper", f"!python -m {clone.OURS}")
    for name in (None, "shop"):
        args = argparse.Namespace(target=str(alone.folder), ref="", name=name)
        with pytest.raises(UserError) as told:
            check(args, Asked(Server(url="http://nowhere.example/", token="t")), screen(NO_COLOR="1"))
        assert told.value.id == "cli.pushed" and "git push dz" in told.value.next
