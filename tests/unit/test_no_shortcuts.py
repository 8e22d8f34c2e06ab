"""Celery is never short-circuited, and nothing is skipped in silence: neither in the source nor in the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHORTCUTS = {
    "a broker in memory": r"memory://",
    "tasks run at once": r"task_always_eager|CELERY_ALWAYS_EAGER",
    "a task run in this process": r"\.apply\(\)|\.apply\(args|\.s\(\)\.apply",
    "a step called in place of its task": r"\brun_step\(\d|runner\.run_step\([^)]",
}
SKIPS = r"pytest\.skip\(|pytest\.importorskip|mark\.skip\b|mark\.skipif"
# Where a machine may lack what only production needs, or an old Python: said aloud there, and in CI a failure.
MAY_SKIP = {
    "tests/browsers.py",  # Chromium
    "tests/conftest.py",  # root, mounts, namespaces
    "tests/contract/test_dependencies.py",  # Python 3.6
    "tests/contract/test_git.py",  # sshd
    "tests/contract/test_guest_distutils.py",  # a Python from 3.9 to 3.11
    "tests/contract/test_guest_driver.py",  # a Python from 3.7 to 3.9
    "tests/platforms.py",  # RabbitMQ
    "tests/role/test_local.py",  # users of their own: root
    "tests/role/test_worker.py",  # RabbitMQ
}
# The one other library with such a method; the sandbox knows no Celery.
LANDLOCK = ROOT / "src/dz/seams/sandbox/confine.py"


def sources() -> list[Path]:
    found = [path for top in ("src", "tests", "bin") for path in (ROOT / top).rglob("*.py")]
    return [path for path in found if path not in (Path(__file__), LANDLOCK)]


@pytest.mark.parametrize("what", SHORTCUTS)
def test_no_shortcut_past_the_broker(what: str) -> None:
    pattern = re.compile(SHORTCUTS[what])
    assert [str(path) for path in sources() if pattern.search(path.read_text())] == []


def test_every_skip_is_in_a_known_place() -> None:
    places = {str(path.relative_to(ROOT)) for path in sources() if re.search(SKIPS, path.read_text())}
    assert places <= MAY_SKIP, places - MAY_SKIP
