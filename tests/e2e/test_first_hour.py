"""``docs/first-hour.md``: every line that a reader types there, run as written, on the bundled sample site."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dz.local import demo
from dz.local.layout import Layout
from tests.platforms import Platform

PAGE = Path(__file__).resolve().parents[2] / "docs" / "first-hour.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = "@@ line "  # before what each line answers


@pytest.fixture
def hello(platform: Platform) -> Iterator[None]:
    """What ``make demo`` leaves behind, whatever other tests deployed."""
    platform.deploy(demo.repository(Layout(platform.home)), "--name", "hello")
    yield
    ran = platform.dz("destroy", "hello", "--yes", "--no-backup")
    assert ran.code == 0, ran.err


def lines() -> list[str]:
    return [line for block in BLOCK.findall(PAGE.read_text()) for line in block.splitlines() if line.strip()]


@pytest.mark.timeout(500)  # thirty commands, one after the other
@pytest.mark.usefixtures("hello")
def test_each_line_of_the_first_hour_answers_as_the_page_says(platform: Platform, tmp_path: Path) -> None:
    script = ["set -e", "exec 2>&1", *(f"echo '{LINE}{at}'\n{line}" for at, line in enumerate(lines()))]
    ran = subprocess.run(
        ["/bin/bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=platform.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=400,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:]
    answers = dict(re.findall(rf"^{LINE}(\d+)\n(.*?)(?=^{LINE}|\Z)", ran.stdout, re.MULTILINE | re.DOTALL))
    missing = [
        f"{line}\n{answers[str(at)]}"
        for at, line in enumerate(lines())
        if "# -> " in line and line.partition("# -> ")[2].strip() not in answers[str(at)]
    ]
    assert not missing, "\n".join(missing)
