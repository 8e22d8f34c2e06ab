"""Which releases are asked for their first pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.appserver import pages
from dz.tasklib.appserver.health import Answer
from dz.tasklib.appserver.site import Place, Site
from dz.tasklib.folders import Folders
from dz.tasklib.records import Running
from tests.unit.tasklib.test_migrated import LIVE, running
from tests.unit.tasklib.test_reconcile import Door, context


@pytest.mark.parametrize(
    ("new", "asked"),
    [
        (running(2, pages=["/news/"]), []),
        (running(2, word="other", pages=["/news/"]), ["/news/"]),
        (running(2, bundle=2, pages=["/news/"]), ["/news/"]),
    ],
    ids=["a restart", "other variables", "other code"],
)
def test_pages_are_asked_only_where_something_else_runs(
    new: Running, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def ask(visit: object, *, path: str, deadline: float) -> Answer:
        seen.append(path)
        return Answer(status=200, path=path)

    monkeypatch.setattr(pages, "ask", ask)
    place = Place(folders=Folders(tmp_path), guest=tmp_path, scheme="http", port=80)
    ctx = context(tmp_path, "appserver", Door())
    told = pages.compared(ctx, Site(running=new, place=place), new.deployment, LIVE)
    assert (seen, list(told)) == (asked, asked)
