"""``python -m corpus``: every project of ``TRUTH`` whose repository is in ``REPOS``, and the page docs/corpus.md.

``ONLY`` takes names (commas between them); ``DEPLOY=no`` only checks. Each row is kept in a folder of the user's cache,
so that the page is written after every project and a run that was ended is gone on with: ``AGAIN=no`` leaves out what
has a row of a deploy already, ``ONLY=none`` writes the page anew from the rows.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.subject import measured as platform_of_its_own

from corpus.page import is_live, written
from corpus.trial import gone, measured
from corpus.truth import Truth, found

ROOT = Path(__file__).resolve().parent.parent
ROWS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "djangozoom" / "corpus"
PAGE = ROOT / "docs" / "corpus.md"


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, check=False).stdout.decode().strip()


# When the run begins, as the platform does; ``dirty`` with changes that are in no commit, but for those of the page.
_CHANGED = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":(exclude){PAGE.relative_to(ROOT)}")
MEASURED_ON = _git("describe", "--always") + ("-dirty" if _CHANGED else "")


def main() -> int:
    truth, repos = os.environ.get("TRUTH", ""), os.environ.get("REPOS", "")
    if not (truth and repos):
        sys.stderr.write("make corpus TRUTH=folder-of-jsons REPOS=folder-of-clones [ONLY=name,name] [DEPLOY=no]\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the platform is taken down then too
    here, missing = found(Path(truth), Path(repos))
    ROWS.mkdir(parents=True, exist_ok=True)
    if wanted := chosen(here):
        with platform_of_its_own() as platform:
            for number, one in enumerate(wanted, 1):
                sys.stderr.write(f"corpus: {number} of {len(wanted)} {one.name} ")
                row = _row(platform, one)
                gone(platform, one)  # not when the run is ended: the whole platform goes then
                (ROWS / f"{one.name}.json").write_text(json.dumps(row))
                sys.stderr.write(f"{'live' if is_live(row) else 'not live'} {json.dumps(row.get('deploy'))}\n")
                _write(here, missing)
    _write(here, missing)
    return 0


def _write(here: list[Truth], missing: list[str]) -> None:
    PAGE.write_text(written(_kept(here), [one.name for one in here], missing))


def chosen(here: list[Truth]) -> list[Truth]:
    """What is measured now."""
    names = [name for name in os.environ.get("ONLY", "").split(",") if name]
    wanted = [one for one in here if not names or one.name in names]
    if os.environ.get("AGAIN") == "no":
        done = {row["name"] for row in _kept(here) if "deploy" in row}
        wanted = [one for one in wanted if one.name not in done]
    return wanted


def _row(platform: Any, one: Truth) -> dict[str, Any]:
    try:
        row = measured(platform, one, deploy=os.environ.get("DEPLOY") != "no")
    except (AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        facts = one.facts
        row = {key: facts[key] for key in ("repo", "commit", "deployable", "python")}
        row |= {"name": one.name, "ref": one.ref, "at": "", "crash": f"{type(error).__name__}: {error}"[:300]}
    return row | {"measured_on": MEASURED_ON}


def _kept(here: list[Truth]) -> list[dict[str, Any]]:
    files = [ROWS / f"{one.name}.json" for one in here]
    return [json.loads(file.read_text()) for file in files if file.exists()]


if __name__ == "__main__":
    sys.exit(main())
