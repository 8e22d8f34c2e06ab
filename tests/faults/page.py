"""docs/reliability.md from the matrix's rows; what `make soak` wrote below stays."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soak.page import BEGIN

from tests.faults.matrix import POINTS, VICTIMS, Case, every_case

TITLES = {
    "child": "child",
    "worker": "worker",
    "dispatcher": "dispatcher",
    "broker": "broker",
    "postgres-zoomdb": "zoomdb",
    "postgres-projects": "projects' PostgreSQL",
}
INTRO = """\
# What happens when something is killed

Written by `make faults` on a real platform: supervisord, nginx, two PostgreSQL servers, the broker (Valkey), a worker
per role, one small Django site that is live. For each step of a deploy (`build_and_deploy`), of a change of variables
(`config`) and of a check (`check_repo`) a new job is begun, its worker is stopped at a named place of the step
(`dz.tasks.faults`, `Context.midway`), and there one part of the platform gets SIGKILL: the worker's child that runs the
step, the whole worker, the dispatcher, the broker, zoomdb's PostgreSQL or the projects'. A step that outlives the
victim goes on at once, while the victim is still away.

## What is promised, and asserted in every cell
- The job ends, once: it succeeded and the site says the new words, or it failed or errored and the site says the old
  ones. In between visitors, up to twenty requests a second, were told the one or the other, always with 200.
- One release at most was made by the job, one is live, one deployment and program per process, one file of nginx that
  leads to its port, and in the store what the rows name; the site's database answers.
- Nothing is left: no process of a step, none of the project without a program, no half-made file or folder, no folder
  of another release. The appserver's reconcile, run right after, changed nothing.

## What is not promised
- That no second is lost. A killed child or worker is noticed when its lease runs out: here after 4 s, else after 15 s.
- That a page that asks its database answers while the projects' PostgreSQL is away: the visitors above ask none.
- A power cut, a full disk or a frozen machine: `tests/faults` and the pages of the parts speak of those.
- Two deaths at once; of nginx, the panel and supervisord `tests/faults` kills each in one place.
"""
HOW = """\
## The table
Each cell: seconds from the kill to the end of the job. `×2`: the step needed a second attempt. **failed** or
**errored**: so the job ended, with the old version live. **RED**: not as promised, told below the table. `·`: not run.
"""


def write(page: Path, rows: Mapping[Case, Mapping[str, Any]]) -> None:
    _, mark, below = page.read_text().partition(BEGIN) if page.exists() else ("", "", "")
    parts = [INTRO, HOW + _summary(rows), *_tables(rows), _reds(rows)]
    page.write_text("\n".join(part for part in parts if part) + (f"\n{mark}{below}" if mark else ""))


def _summary(rows: Mapping[Case, Mapping[str, Any]]) -> str:
    red = sum("red" in row for row in rows.values())
    ended = [row.get("job") for row in rows.values()]
    unhappy = ended.count("failed") + ended.count("errored")
    text = f"\n{len(rows)} of {len(every_case())} cases were run: {red} red, {unhappy} ended with the old version live,"
    text += f" {ended.count('succeeded')} with the new one.\n"
    runs = sorted({(row["date"], row["commit"]) for row in rows.values()})
    for date, commit in runs:
        loads = [row["load"] for row in rows.values() if (row["date"], row["commit"]) == (date, commit)]
        text += f"{len(loads)} on {date}, commit `{commit}`, load of the machine {min(loads)} to {max(loads)}.\n"
    return text


def _tables(rows: Mapping[Case, Mapping[str, Any]]) -> list[str]:
    tables = []
    for job, cases in itertools.groupby(every_case(), key=lambda case: case.job):
        head = f"### {job}\n\n| step | killed | {' | '.join(TITLES[victim] for victim in VICTIMS)} |\n"
        lines = [head + "|---" * (2 + len(VICTIMS)) + "|"]
        for (step, point), line in itertools.groupby(cases, key=lambda case: (case.step, case.point)):
            cells = " | ".join(_cell(case, rows.get(case)) for case in line)
            lines.append(f"| {step} | {POINTS[point]} | {cells} |")
        tables.append("\n".join(lines) + "\n")
    return tables


def _cell(case: Case, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "·"
    if "red" in row:
        return "**RED**"
    again = f" ×{row['attempts'][case.step]}" if case.step in row["attempts"] else ""
    ended = "" if row["job"] == "succeeded" else f" **{row['job']}** {row['error']}"
    return f"{row['seconds']:.1f}{again}{ended}"


def _reds(rows: Mapping[Case, Mapping[str, Any]]) -> str:
    told = [f"- `{case.name}`: {' '.join(row['red'].split())[:300]}" for case, row in rows.items() if "red" in row]
    return "\n".join(["## Not as promised", *told, ""]) if told else ""
