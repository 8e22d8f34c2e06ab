"""What runs once per release: the management commands of a Procfile's ``release`` line, as hooks.

What every release runs anyhow is no news. A line that is anything else than management commands, one after the other,
is not run, and that is said: there is no shell here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.neighbours import named
from dz.tasklib.build.inspect.tree import Tree
from dz.tasklib.buildconfig import FILE, HOOKS

NEEDS = ("hooks", "project_root")
GIVES = ("hooks",)

_LINE = re.compile(r"release:\s*(\S.*)", re.IGNORECASE)
_STARTED = r"(?:(?:(?:poetry|pipenv|pdm|uv) run|exec) )?"
_MANAGE = r"(?:(?:python[0-9.]* )?[\w./-]*\bmanage\.py|django-admin(?:\.py)?|python[0-9.]* -m django)"
_COMMAND = re.compile(rf"{_STARTED}{_MANAGE} ([a-z][a-z0-9_]{{0,60}}(?: [\w./:@,=+-]+){{0,20}})")
_FOLDER = re.compile(r"cd [\w./-]+")  # where manage.py is: commands run there anyhow
_UNASKED = re.compile(r"(migrate|collectstatic) --no-?input")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    decided = any(one.file == FILE for one in facts.ranked("hooks"))
    for path in named(tree, facts, "Procfile")[:1]:
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if not decided and (found := _LINE.fullmatch(line.strip())):
                for hook in _hooks(tree, f"{path}:{number}", found[1]):
                    yield at(tree, "hooks", hook, 0.95, "the Procfile's release line runs it", path, number)


def _hooks(tree: Tree, where: str, line: str) -> Iterable[str]:
    """All hooks in their order; none where the line adds nothing to what is run anyhow."""
    commands = _commands(line)
    if commands is None:
        tree.say(
            f"{where} is not run, for it is more than management commands: {line[:80]}. Here migrate runs by itself; "
            f"further commands are named as hooks in a {FILE}."
        )
        return ()
    wanted = [one for one in commands if one.split()[0] != "makemigrations"]
    if len(wanted) < len(commands):
        tree.say(f"{where}: makemigrations is not run, for what it makes goes with the release. Commit the migrations.")
    first = ["collectstatic"] if "migrate" in wanted else HOOKS
    hooks = list(dict.fromkeys([*first, *wanted]))
    return hooks if set(hooks) != set(HOOKS) else ()


def _commands(line: str) -> list[str] | None:
    """The management commands that a line is; None if it is anything else."""
    parts = [" ".join(part.split()) for part in line.split("&&")]
    found = [_COMMAND.fullmatch(part) for part in parts if not _FOLDER.fullmatch(part)]
    return None if None in found else [_UNASKED.sub(r"\1", one[1]) for one in found if one]
