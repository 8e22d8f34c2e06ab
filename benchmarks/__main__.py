"""``python -m benchmarks``: run every case, print the page, and keep it in docs/performance.md.

``ROUNDS`` says how often each case is measured (5); ``CORPUS`` is a folder of repositories to look into, without it
the sample's alone is; ``CASES`` names some of the cases, which are shown and not kept. A line that became more than a
quarter worse than the page before has it, and takes more than half of its goal, ends the run with 1; that page then
stays as it was, so that the next run is held to it too. "What stays, and why" is written by hand: look whether it is
still so when the table has changed.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.cases import Bench
from benchmarks.machine import commit, described
from benchmarks.report import HEAD, at_rest, last, profile, regressions
from benchmarks.subject import measured

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
ALL = {"deploys", "check", "requests", "ten", "idle"}
CASES = set(os.environ.get("CASES", "").replace(",", " ").split()) or ALL
CORPUS = Path(os.environ["CORPUS"]) if os.environ.get("CORPUS") else None
TEXT = """\
# Performance
Written by `make bench` on {date} at commit {commit}: {machine}. {rounds} rounds. Load at the start: {load}.

Deploys are timed from the first accepted row (of a new project the look into the repository that the command begins
with) to the first answer of the new release through nginx, which is asked for it each 30 ms once the proxy begins to
switch. (Before, the old release would answer, and take time from the new; by hand none answers meanwhile.) Their floor
is the same work by hand (`benchmarks/floor/deploy.py`: clone, uv, check, migrate, collectstatic, gunicorn; SQLite, no
proxy, no sandbox, no upload), measured in the same round; of a variable, a rollback and the same commit it is the
hand's code-only deploy. A first deploy is of a project whose list of requirements no environment was made for, its
wheels cached. Of ten deploys at once the floor is the same ten one by one. A request's floor is the same gunicorn
behind a hand-written nginx, asked in turn; during a switch it is the idle 99 %. Where there is a floor, "measured" is
median through median. {looked}

CPU seconds are those of the whole machine, the command line and what ends a deploy included: it has to be quiet.

{table}
{memory}
## What stays, and why
- **One line.** A third of it is the project's own import, once: what the new release says of itself is its proof. The
  rest is git and the inspector beside it (0.2 s), three ways from queue to queue (25 ms each: recorded, rung, claimed;
  what follows on the same queue its worker goes on with), a copy of the code, a sandbox and gunicorn (0.25 s), a
  healthy answer and the first pages (0.2 s), nginx (0.1 s).
- **A dependency.** Two thirds are uv's: the index is asked whether its pages are still true, and five thousand files
  are linked, by hand as well. The hand does neither pack nor keep what it made.
- **A first deploy.** The proof collects the static files on its way and migrations run on PostgreSQL, with the
  project imported a second time in between: the build's sandbox never has the database.
- **A variable** costs a start of the release and beside it its migration plan, since what a variable changes only the
  project can tell. A rollback asks for none where the version was live before with the same variables.
- **A switch.** Requests wait for a core while the new release is imported; with the asker, nginx, PostgreSQL and the
  old release there are more than two who want one. What serves no visitor yields to what does (nice 5), which takes a
  tenth off. The import itself at a lower priority might take as much again; to give it back in every thread, whoever
  started the release, was held for more machinery than that is worth.

## Where the time goes
Median seconds of each step. Some run side by side; what follows the switch no visitor waits for.
{profile}"""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the platform is taken down then too
    rounds = int(os.environ.get("ROUNDS") or 5)
    before = last(PAGE.read_text()) if PAGE.exists() else {}
    load = f"{os.getloadavg()[0]:.2f}"
    with tempfile.TemporaryDirectory(prefix="dzf-", dir="/tmp") as folder, measured() as platform:
        Path(folder).chmod(0o755)  # the platform clones as another user
        bench = run(Bench(platform, Path(folder)), rounds)
    lines = [line for line in bench.lines.values() if line.ours]
    table = HEAD + "\n".join(line.row() for line in lines) + "\n"
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    page = TEXT.format(
        date=date,
        commit=commit(),
        machine=described(),
        rounds=rounds,
        load=load,
        looked=looked(bench),
        table=table,
        memory=at_rest(bench.memory),
        profile=profile(bench.steps),
    )
    sys.stdout.write(page)
    if CASES != ALL:
        return 0
    worse = regressions(lines, before)
    if worse:
        sys.stderr.write("".join(f"Worse than docs/performance.md: {line}\n" for line in worse))
        return 1
    PAGE.write_text(page)
    return 0


def run(bench: Bench, rounds: int) -> Bench:
    if "deploys" in CASES:
        tell("warming both caches")
        bench.warm()
        for number in range(1, rounds + 1):
            tell(f"round {number} of {rounds}")
            bench.round(number)
        sys.stderr.write(profile(bench.steps))
    bench.engine()
    for name, what, work in (
        ("check", "looking into repositories", lambda: bench.check(CORPUS)),
        ("requests", "requests", lambda: bench.requests(rounds)),
        ("ten", "ten at once", bench.ten),
        ("idle", "the platform at rest", lambda: bench.idle(rounds)),
    ):
        if name in CASES:
            tell(what)
            work()
    return bench


def looked(bench: Bench) -> str:
    line = bench.lines.get("check_repo without the clone, 95 %")
    many = len(line.ours) if line else 0
    return (
        f"What is looked into are {many} repositories of a corpus." if many > 1 else "Looked into is the sample alone."
    )


def tell(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
