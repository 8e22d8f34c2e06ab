"""``python -m soak``: a platform of its own, one site, and hundreds of jobs while visitors come; then the page.

``DEPLOYS`` (100), ``FAILING`` (20) and ``ROLLBACKS`` (20) are spread evenly, ``RATE`` (200) requests a second are sent
all the time. It writes its section of docs/reliability.md; a request that failed, a job that left more than the
retained releases need, or a platform that grew ends it with 1, and then the page stays as it was.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import described
from benchmarks.subject import measured
from tests import playing
from tests.platforms import Platform

from soak.jobs import order, soaking
from soak.page import Weight, grown, told, within

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"
USUAL = {"DEPLOYS": 100, "FAILING": 20, "ROLLBACKS": 20, "RATE": 200}
WARM = ["deploy", "fails", "rollback"]  # before the platform is weighed


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the platform is taken down then too
    deploys, failing, rollbacks, rate = (int(os.environ.get(name) or usual) for name, usual in USUAL.items())
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="dzk-", dir="/tmp") as folder, measured() as platform:
        Path(folder).chmod(0o755)  # the platform clones as another user
        began = time.monotonic()
        with soaking(platform, Path(folder), "soak", rate) as soak:
            soak.run(WARM)
            before = weighed(platform)
            soak.run(order(deploys, failing, rollbacks))
            after = weighed(platform)
        minutes = (time.monotonic() - began) / 60
    text = told(soak, rate=rate, minutes=minutes, weights=(before, after), machine=described(), busy=busy)
    sys.stdout.write(text)
    wrong = [*soak.load.counted.failed, *grown(before, after)]
    if wrong:
        sys.stderr.write("".join(f"soak: {one}\n" for one in wrong))
        return 1
    PAGE.write_text(within(PAGE.read_text() if PAGE.exists() else "", text))
    return 0


def weighed(platform: Platform) -> Weight:
    """What each service takes, the site's own processes left out."""
    services = {one["name"]: int(one["memory"]) for one in platform.status()["services"]}
    [(rows,)] = playing.ask_zoomdb(platform, "SELECT pg_database_size(current_database())")
    return Weight(memory=services, zoomdb=int(rows), processes=len(platform.processes()))


if __name__ == "__main__":
    sys.exit(main())
