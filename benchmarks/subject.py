"""The platform that is measured: one project's work, from its first row to the first new 200 through nginx."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.platforms import Platform, own_ports, stop
from tests.playing import ask_zoomdb, plan

from benchmarks.machine import busy

# A first deploy is two jobs, the look into the repository and the deploy: all that the command began counts.
CREATED = """
    SELECT extract(epoch FROM min(j.created_at))::float
    FROM dz2_job j JOIN dz2_job last ON last.project_id = j.project_id AND j.id <= last.id
    WHERE last.id = %s AND j.created_at >= to_timestamp(%s)"""
STEPS = """
    SELECT s.name, extract(epoch FROM s.finished_at - s.started_at)::float
    FROM dz2_jobstep s JOIN dz2_job j ON j.id = s.job_id
    JOIN dz2_job last ON last.project_id = j.project_id AND j.id <= last.id
    WHERE last.id = %s AND j.created_at >= to_timestamp(%s) AND s.started_at IS NOT NULL AND s.finished_at IS NOT NULL
    ORDER BY j.id, s.position"""
# What a step tells in its log as a part of it, with its seconds.
PARTS = """
    SELECT l.step || ': ' || l.text, l.seconds::float
    FROM dz2_joblog l JOIN dz2_job j ON j.id = l.job_id
    JOIN dz2_job last ON last.project_id = j.project_id AND j.id <= last.id
    WHERE last.id = %s AND j.created_at >= to_timestamp(%s) AND l.kind = 'part_end'
    ORDER BY l.job_id, l.seq"""
CLONE = ": Check out the code"
# The old release answers each question, with a third of a core at a hundred a second, and by hand none is asked: so
# nothing is asked before the proxy begins to switch.
EVERY = 0.03
SWITCHES = """
    SELECT 1 FROM dz2_jobstep s JOIN dz2_job j ON j.id = s.job_id JOIN dz2_project p ON p.id = j.project_id
    WHERE p.name = %s AND j.created_at >= to_timestamp(%s) AND s.queue = 'proxy' AND s.started_at IS NOT NULL"""
CLAIMED = (
    "SELECT extract(epoch FROM started_at - ready_at)::float FROM dz2_jobstep"
    " WHERE started_at IS NOT NULL AND ready_at IS NOT NULL AND attempt = 1 AND state = 'succeeded'"
)


@contextmanager
def measured() -> Iterator[Platform]:
    """A platform as an operator starts it, in a new folder; down, and nothing left, at the end."""
    root = Path(tempfile.mkdtemp(prefix="dzb-", dir="/tmp"))
    root.chmod(0o755)
    own = {**own_ports(), "DZ_HOME": str(root / "h"), "DZ_BROKER": "valkey", "DZ_BACKUP_AT": ""}
    platform = Platform(root / "h", "valkey", {**os.environ, **own})
    try:
        platform.up()
        yield platform
    finally:
        stop(platform)


@dataclass(frozen=True)
class Took:
    """Seconds to the first new answer; CPU seconds of the machine till the job was over; seconds of each step."""

    seconds: float
    cpu: float
    steps: dict[str, float]


class Site:
    """One project of the platform and the repository behind it."""

    def __init__(self, platform: Platform, repository: Path) -> None:
        self.platform = platform
        self.name = repository.name
        self.host = f"{self.name}.localhost"
        self._url = f"file://{repository}"

    def deploy(self) -> Took:
        return self.act("deploy", self._url)

    def begin(self) -> subprocess.Popen[str]:
        return self.platform.begin("deploy", self._url, "--json")

    def answer(self) -> str:
        """What /version/ says, or nothing when no release answers."""
        status, body, _ = self.platform.ask(self.host, "/version/")
        return body if status == 200 else ""

    def act(self, *words: str) -> Took:
        """Run that ``dz`` command and time what it does; RuntimeError when it fails."""
        before, cpu, at = self.answer(), busy(), time.time()
        begun = self.platform.begin(*words, "--json")
        seen = self._first_other(before, begun, at)
        out, err = begun.communicate(timeout=300)
        cpu = busy() - cpu
        if begun.returncode or not seen:
            raise RuntimeError(f"dz {' '.join(words)} ended with {begun.returncode}: {out}{err}")
        job = json.loads(out)["job"]
        [(created,)] = ask_zoomdb(self.platform, CREATED, job, at)
        told = [*ask_zoomdb(self.platform, STEPS, job, at), *ask_zoomdb(self.platform, PARTS, job, at)]
        return Took(seen - float(created), cpu, {str(name): float(seconds) for name, seconds in told})

    def _first_other(self, before: str, begun: subprocess.Popen[str], at: float) -> float:
        """When the new release answered first, up to EVERY seconds late; 0.0 when the command ended and none did."""
        with psycopg.connect(plan(self.platform).zoomdb_url, autocommit=True) as connection:
            while begun.poll() is None and not connection.execute(SWITCHES, [self.name, at]).fetchone():
                time.sleep(EVERY)
        while True:
            over = begun.poll() is not None
            if self.answer() not in ("", before):
                return time.time()
            if over:
                return 0.0
            time.sleep(EVERY)


def looked(platform: Platform, repository: Path) -> float:
    """Seconds of a look into that repository, its clone left out; whatever the look says of it."""
    at = time.time()
    job = platform.dz("check", f"file://{repository}", "--json").json["job"]
    seconds = sum(float(took) for _, took in ask_zoomdb(platform, STEPS, job, at))
    return seconds - sum(float(took) for part, took in ask_zoomdb(platform, PARTS, job, at) if part.endswith(CLONE))


def claimed(platform: Platform) -> list[float]:
    """Milliseconds from ready to claimed, of every step so far."""
    return [1000 * float(seconds) for (seconds,) in ask_zoomdb(platform, CLAIMED)]
