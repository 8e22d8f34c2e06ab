"""A front end that nobody built is said, one whose files are committed is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES

FRONT = FILES | {
    "front/package.json": '{"scripts": {"build": "vite build"}}',
    "front/vite.config.js": "export default { build: { outDir: '../wombat/static/dist' } }\n",
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, True),
        ({"wombat/static/dist/app.js": "x"}, False),
        ({"front/package.json": "{}"}, False),
        ({"front/package.json": "[[["}, False),
    ],
)
def test_a_front_end_that_is_not_built_here_is_said(more: dict[str, str], said: bool, tmp_path: Path) -> None:
    messages = report(write_tree(tmp_path, FRONT | more))["messages"]
    assert any("front end into wombat/static/dist" in one for one in messages) is said
