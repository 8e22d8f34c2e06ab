"""Refuses what no platform could run: a repository without Django, a project for Python 2 only."""

from __future__ import annotations

import re

from dz.errors import UserError
from dz.tasklib.build.inspect import declared, settingscode
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.pythons import wants_python2
from dz.tasklib.build.inspect.tree import Tree, join

_PYTHON2 = re.compile(
    r"^\s*(?:print\s+[\"'\w%]|except\s+[\w.]+\s*,\s*\w+\s*:|exec\s+[\"']|raise\s+\w+\s*,)", re.MULTILINE
)


def refuse_unsuitable(tree: Tree, facts: Facts) -> None:
    """Raises UserError."""
    uses_django = any(one.name == "django" for one in declared.everything(tree))
    if not uses_django and not facts.ranked("settings_module") and not facts.ranked("project_root"):
        raise UserError("repo.no-django")
    wanted = facts.ranked("python_version")
    if wanted and wanted[0].confidence >= 0.6 and wants_python2(wanted[0].value):
        raise UserError("repo.python2", where=f"{wanted[0].file}:{wanted[0].line or 1}  {wanted[0].excerpt}")
    for path in [join(facts.primary("project_root"), "manage.py"), *settingscode.files(tree, facts)]:
        text = tree.text(path)
        if text and tree.syntax(path) is None and (sign := _PYTHON2.search(text)):
            line = text.count("\n", 0, sign.start() + len(sign[0]) - len(sign[0].lstrip())) + 1
            raise UserError("repo.python2", where=f"{path}:{line}  {tree.line(path, line)}")
