"""Fixtures shared by all tests, and the rule that a skip is loud: with CI=true it is a failure."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

# Importing dz.tasks makes a process one with slim settings; the test process itself is the panel's, whatever it imports.
os.environ["DZ_ROLE"] = ""
# A runner in the background ignores Ctrl-C, and children inherit that: the tests that press it need it heard.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins: list[str] = []
for _plugin in (
    "tests.postgres",
    "tests.platforms",
    "tests.repositories",
    "tests.panels",
    "tests.visiting",
    "tests.browsers",
    "tests.stores",
):
    if Path(__file__).with_name(_plugin.split(".")[1] + ".py").exists():
        pytest_plugins.append(_plugin)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for need, met in NEEDS.items():
            if item.get_closest_marker(need) and not met():
                item.add_marker(pytest.mark.skip(reason=f"needs {need}"))


@functools.cache
def _may(*unshare: str) -> bool:
    return subprocess.run(["/usr/bin/unshare", *unshare, "/bin/true"], capture_output=True, check=False).returncode == 0


NEEDS = {
    "root": lambda: os.geteuid() == 0,
    "mount": lambda: os.geteuid() == 0 and _may("--mount"),
    "namespaces": lambda: _may("--user") or _may("--mount"),
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and a skip is a failure in CI: {report.longrepr}"
    return report
