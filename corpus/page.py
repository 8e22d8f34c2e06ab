"""docs/corpus.md out of the rows."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from uv import find_uv_bin

TEXT = """\
# Real projects, untouched
Written by `make corpus` on {date}. {here} of {all} projects of the truth are measured{missing}{waiting}.

Each is checked, deployed by its URL (with the values that only its owner knows, where the truth names some), asked at
the truth's path, redirects followed to their end, looked for in its own log, and destroyed. A person signs in with the
administrator of `dz admin create`, at the site's own form with a password or at its admin (`corpus/signing.py`; not
tried yet where the cell is "-"). Rules of comparison: `corpus/fields.py`.

- Fields right: **{right} of {fields} ({percent} %)**.
- `zero-config`: **{zero}** live by their URL alone. `env-only`: **{env}** live with their values.
- `with-code-change` and `no`: {refused} ended with the project's line or a reason (read them below).

## Each project
| project | truth | check s | fields | deploy s | answer | in its log | signs in | uv has its Python | measured on |
|---|---|---|---|---|---|---|---|---|---|
{rows}

## What falls short
{short}

## Fields, one by one
{by_field}

{wrong}
"""

# Of an error's id, place and sentence: how many there must be.
_PARTS = {"with-code-change": 2, "no": 1}


def written(rows: Sequence[Mapping[str, Any]], here: Sequence[str], missing: Sequence[str]) -> str:
    """The whole page."""
    checked = [row for row in rows if row.get("fields")]
    verdicts = [verdict for row in checked for verdict in row["fields"].values()]
    right = sum(bool(verdict[0]) for verdict in verdicts)
    waiting = sorted(set(here) - {row["name"] for row in rows})
    offered = _offered()
    return TEXT.format(
        date=max((row["at"] for row in rows), default=""),
        here=len(rows),
        all=len(here) + len(missing),
        missing=f"; no repository was here of {', '.join(missing)}" if missing else "",
        waiting=f"; not measured yet: {', '.join(waiting)}" if waiting else "",
        right=right,
        fields=len(verdicts),
        percent=round(100 * right / max(1, len(verdicts)), 1),
        zero=_share(rows, "zero-config"),
        env=_share(rows, "env-only"),
        refused=_refused(rows),
        rows="\n".join(_row(row, offered) for row in rows),
        short="\n".join(_short(row) for row in rows if not is_live(row)) or "Nothing.",
        by_field=", ".join(f"{field} {good}/{of}" for field, (good, of) in _by_field(checked).items()) + ".",
        wrong="\n".join(line for row in checked for line in _wrong(row)),
    )


def is_live(row: Mapping[str, Any]) -> bool:
    """A job that ended well, and an answer that is no error at the end of the redirects."""
    return bool(row.get("answer")) and row["answer"]["status"] < 400


def _share(rows: Sequence[Mapping[str, Any]], kind: str) -> str:
    of = [row for row in rows if row["deployable"] == kind]
    return f"{sum(map(is_live, of))} of {len(of)}"


def _refused(rows: Sequence[Mapping[str, Any]]) -> str:
    of = [row for row in rows if row["deployable"] in ("with-code-change", "no")]
    told = [row for row in of if is_live(row) or _why(row).count(" · ") >= _PARTS[row["deployable"]]]
    return f"{len(told)} of {len(of)}"


def _why(row: Mapping[str, Any]) -> str:
    return str(row.get("crash") or row.get("deploy", {}).get("error") or row.get("check", {}).get("error") or "")


def _row(row: Mapping[str, Any], offered: frozenset[str]) -> str:
    fields, answer = row.get("fields") or {}, row.get("answer")
    told = (
        f"{answer['status']} `{answer['path']}` {answer['title']}" if answer else row.get("deploy", {}).get("state", "")
    )
    cells = [
        row["repo"] + ("" if row["ref"] == row["commit"] else " (without its largest files)"),
        row["deployable"],
        row.get("check", {}).get("seconds", ""),
        f"{sum(bool(one[0]) for one in fields.values())}/{len(fields)}" if fields else "-",
        row.get("deploy", {}).get("seconds", ""),
        told,
        {True: "yes", False: "no"}.get(row.get("logged", ""), "-"),
        row.get("signs_in", "-"),
        "yes" if ".".join(row["python"].split(".")[:2]) in offered else "no",
        row["measured_on"],
    ]
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"


def _short(row: Mapping[str, Any]) -> str:
    answer = row.get("answer")
    why = f"it answered {answer['status']} at `{answer['path']}`" if answer else _why(row) or "it was not deployed"
    return f"- {row['repo']} ({row['deployable']}): {why}"


def _by_field(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    names = rows[0]["fields"] if rows else {}
    return {name: (sum(bool(row["fields"][name][0]) for row in rows), len(rows)) for name in names}


def _wrong(row: Mapping[str, Any]) -> list[str]:
    return [
        f"- {row['repo']}, {field}: told `{' '.join(told.split()) or 'nothing'}`, the truth is `{truth or 'none'}`"
        for field, (good, told, truth) in row["fields"].items()
        if not good
    ]


def _offered() -> frozenset[str]:
    """The minor versions of Python that uv would download."""
    argv = [find_uv_bin(), "python", "list", "--all-versions", "--only-downloads"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
    names = [line.split("-") for line in lines]
    return frozenset(".".join(one[1].split(".")[:2]) for one in names if one[0] == "cpython" and len(one) > 1)
