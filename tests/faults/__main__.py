"""``make faults``: every case of the matrix, and the page docs/reliability.md.

Each row is kept in a folder of the user's cache, so that a run that was ended is gone on with: ``AGAIN=no`` leaves out
what has a row that is green; ``ONLY=word,word`` takes the cases whose name has one of these words, ``ONLY=none`` writes
the page anew from the rows. A case that is red costs its platform; the run goes on with another.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ["DZ_ROLE"] = ""  # as in tests/conftest.py

from tests.faults.changing import Changing, changing
from tests.faults.matrix import Case, every_case, run, sampled
from tests.faults.page import write
from tests.platforms import start, stop

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "reliability.md"
ROWS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "djangozoom" / "faults"
# A lease that is short, so that a death costs little; and nothing is cleared away but by the jobs themselves.
TIMES = {"DZ_LEASE": "4", "DZ_RENEW": "1", "DZ_RECONCILE_EVERY": "3600", "DZ_KEPT_BUNDLES": "1"}
_SAID = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, check=False)
MEASURED_ON = _SAID.stdout.decode().strip()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the platform is taken down then too
    ROWS.mkdir(parents=True, exist_ok=True)
    left = chosen()
    total = len(left)
    while left:
        with site_of_its_own() as site:
            green = True
            while left and green:
                case = left.pop(0)
                row = measured(case, site)
                (ROWS / f"{case.name}.json").write_text(json.dumps(row))
                write(PAGE, kept())
                green = "red" not in row
                said = f"{row['job']} after {row['seconds']} s" if green else f"RED {row['red']}"
                sys.stderr.write(f"faults: {total - len(left)} of {total} {case.name} {said}\n")
    write(PAGE, kept())
    return int(any("red" in row for row in kept().values()))


def chosen() -> list[Case]:
    """Every pair of step, place and victim first, so that a run that is ended has seen most there is."""
    words = [word for word in os.environ.get("ONLY", "").split(",") if word]
    cases = [case for case in every_case() if not words or any(word in case.name for word in words)]
    if os.environ.get("AGAIN") == "no":
        have = kept()
        cases = [case for case in cases if "red" in have.get(case, {"red": ""})]
    return sampled(cases, len(cases))


def kept() -> dict[Case, dict[str, Any]]:
    files = {case: ROWS / f"{case.name}.json" for case in every_case()}
    return {case: json.loads(file.read_text()) for case, file in files.items() if file.exists()}


@contextmanager
def site_of_its_own() -> Iterator[Changing]:
    platform = start("valkey", **TIMES)
    try:
        site = changing(platform, Path(tempfile.mkdtemp(dir=platform.home.parent)))
        for _ in range(2):  # from now on each deploy makes a bundle old
            site.finished(site.begin("build_and_deploy"))
        yield site
    finally:
        stop(platform)


def measured(case: Case, site: Changing) -> dict[str, Any]:
    at = {"commit": MEASURED_ON, "date": time.strftime("%Y-%m-%d"), "load": round(os.getloadavg()[0], 1)}
    try:
        return run(case, site) | at
    except Exception as error:  # noqa: BLE001 - whatever went wrong makes this cell red, and the run goes on
        return {"red": f"{type(error).__name__}: {error}"[:1500]} | at


if __name__ == "__main__":
    sys.exit(main())
