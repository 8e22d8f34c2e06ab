"""``make demo`` once more, when the sample's project has become its owner's own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.local import demo
from dz.local.screen import Screen

PLAN: Any = SimpleNamespace(layout=None, state=None, nginx=SimpleNamespace(origin="system"))


@pytest.mark.parametrize("url", ["http://hello.localhost:8800/", None])
def test_a_sample_that_is_deployed_from_pushes_by_now_is_no_failure(
    url: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says = {
        "deploy": {"error": "The name hello belongs to another project.", "error_id": "project.name-taken"},
        "projects": {"projects": [{"name": "other", "url": "http://other/"}, {"name": "hello", "url": url}]},
    }
    monkeypatch.setattr(demo, "_dz", lambda _plan, words, *_: json.dumps(says[words[0]]))
    monkeypatch.setattr(demo, "repository", lambda _layout: Path("/sample"))
    monkeypatch.setattr(demo, "admin_link", lambda _plan: "http://localhost:8800/welcome/x")
    monkeypatch.setattr(demo.elsewhere, "ways", lambda _state, **_: [])
    assert demo._deployed(PLAN, Screen()) == 0
    told = capsys.readouterr()
    assert "left as it is" in told.err
    assert ("hello is live" in told.out) == bool(url)
    assert "http://localhost:8800/welcome/x" in told.out
