"""What is read of the machine: busy CPU seconds, and what it is."""

from __future__ import annotations

import math
import os
import platform
import statistics
from pathlib import Path

from tests.repositories import git


def busy() -> float:
    """CPU seconds that the whole machine has worked since it started: whatever else runs is counted too."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def commit() -> str:
    """Of the source that is measured."""
    return git("describe", "--always", "--dirty", cwd=Path(__file__).parent)


def described() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].split(":", 1)[1].strip() if models else platform.machine()
    kernel = platform.release().split("-")[0]
    return f"{model}, {os.cpu_count()} cores, Linux {kernel}, Python {platform.python_version()}"


def percentile(values: list[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def median(values: list[float]) -> float:
    return statistics.median(values)
