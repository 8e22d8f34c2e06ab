"""Which submodules of a commit are taken: pure, of what git says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dz import pushed
from dz.names import AppId, Commit
from dz.tasklib.build import giturl, opening, submodules

COMMIT = Commit("1" * 40)


def test_a_repository_from_elsewhere_names_no_folder_of_this_machine() -> None:
    def ask(*words: str) -> str:
        if words[0] == "ls-tree":
            return f"160000 commit {'2' * 40}\tx\0"
        return "submodule.x.path\nx\0submodule.x.url\nfile:///srv/private\0"

    (found,) = submodules.named(ask, COMMIT, giturl.parse("https://example.org/a/b"), file_urls=True)
    assert (found.path, found.url) == ("x", None)


@pytest.mark.parametrize(("url", "among_others"), [("", True), ("file:///srv/own/site", False)])
def test_what_is_pushed_lies_among_the_repositories_of_others(tmp_path: Path, url: str, among_others: bool) -> None:
    settings = SimpleNamespace(home=tmp_path, push_folder=tmp_path / "repositories", file_urls=True)
    ctx = cast(Any, SimpleNamespace(settings=settings, log=None, left=lambda: 60.0, stop=None))
    source = url or pushed.address(settings.push_folder, "p00000001")
    project = cast(Any, SimpleNamespace(app_id=AppId("p00000001"), repo_url=source, deploy_key=None))
    assert opening._remote(ctx, project).among_others is among_others
