"""Small projects as strangers have them, each one class, and what is held against what is found in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dz.errors import UserError
from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI
from tests.unit.inspect.test_cases import differences

Files = Mapping[str, str | bytes]


def project(settings: str = "", root: str = "", *, header: str = "", without: str = "", name: str = "bilby") -> Files:
    """What startproject makes, with more lines in its settings (or without those that hold a word)."""
    lines = [line for line in SETTINGS.replace("wombat", name).splitlines() if not without or without not in line]
    return {
        f"{root}manage.py": MANAGE.format(f"{name}.settings"),
        f"{root}{name}/__init__.py": "",
        f"{root}{name}/settings.py": "\n".join([header, *lines, settings, ""]),
        f"{root}{name}/urls.py": "urlpatterns = []\n",
        f"{root}{name}/wsgi.py": WSGI.format(f"{name}.settings"),
    }


@dataclass(frozen=True)
class Stranger:
    """``said``: a piece of a message; ``error``: the problem's id, and how its place begins."""

    files: Files
    guesses: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    error: tuple[str, str] | None = None
    chosen: str = ""


LIST: Files = {"requirements.txt": "django==4.2.7\n"}


def understood(one: Stranger, folder: Path) -> None:
    """As the class has it."""
    root = write_tree(folder, one.files)
    answer = report(root, one.chosen)
    if one.error:
        error = answer["error"]
        assert error["id"] == one.error[0] and str(error["where"] or "").startswith(one.error[1])
        UserError(error["id"], where=error["where"], **error["facts"])
    else:
        assert differences(root, one.guesses, chosen=one.chosen) == {}
        assert any(one.said in message for message in ["", *answer["messages"]]), answer["messages"]
