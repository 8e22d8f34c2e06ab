"""The verified facts of one project (a JSON file), and where its repository lies.

A repository is looked for in ``REPOS`` as ``owner__name``, as the JSON's own name, or as ``owner+name/repo`` (bare). Of
one with a branch ``complete`` that branch is taken instead of the commit: a copy that lost large files cannot give the
commit itself. What was taken is told in the row.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Truth:
    """``facts`` as they stand in the file; ``folder`` and ``ref`` say what is deployed."""

    name: str
    facts: dict[str, Any]
    folder: Path
    ref: str

    @property
    def slug(self) -> str:
        """What the project is called on the platform."""
        words = "".join(c if c.isalnum() else "-" for c in self.facts["repo"].rpartition("/")[2].lower())
        return "-".join(word for word in words.split("-") if word)[:30].strip("-")

    @property
    def values(self) -> dict[str, str]:
        """Variables that only the owner knows. How the platform chooses settings is not one of them, nor is where its
        own database is."""
        if self.facts["deployable"] not in ("env-only", "with-code-change"):
            return {}
        ours = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
        return {name: str(value) for name, value in self.facts["env_required"].items() if name not in ours}


def found(truth: Path, repos: Path) -> tuple[list[Truth], list[str]]:
    """Every project whose repository is here, the smallest first, and the names of the others."""
    here, missing = [], []
    for path in sorted(truth.glob("*.json")):
        facts = json.loads(path.read_text())
        owner, name = facts["repo"].split("/")
        places = [repos / f"{owner}__{name}", repos / path.stem, repos / f"{owner}+{name}" / "repo"]
        folder = next((place for place in places if place.is_dir()), None)
        if folder is None:
            missing.append(path.stem)
        else:
            here.append(Truth(path.stem, facts, folder.resolve(), _ref(folder, facts["commit"])))
    return sorted(here, key=_files), missing


def _ref(folder: Path, commit: str) -> str:
    return "complete" if _git(folder, "rev-parse", "--verify", "--quiet", "refs/heads/complete") else commit


def _files(one: Truth) -> int:
    return _git(one.folder, "ls-tree", "-r", "--name-only", one.ref).count("\n")


def _git(folder: Path, *words: str) -> str:
    argv = ["git", "-c", "safe.directory=*", "-C", str(folder), *words]
    return subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False).stdout
