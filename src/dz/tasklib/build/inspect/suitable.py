"""Refuses what no platform could run: a repository without Django, a project for Python 2 only, a template of one, one
whose settings are no module."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dz.errors import UserError
from dz.tasklib.build.inspect import code, declared, settingscode
from dz.tasklib.build.inspect.evidence import Facts
from dz.tasklib.build.inspect.pythons import wants_python2
from dz.tasklib.build.inspect.tree import Tree, join
from dz.tasklib.buildconfig import FILE

_PYTHON2 = re.compile(
    r"^[ \t\f]*(?:print\s+[\"'\w%]|except\s+[\w.]+\s*,\s*[a-z_]\w*\s*:|exec\s+[\"']|raise\s+\w+\s*,)", re.MULTILINE
)  # of two exceptions in a row, as Python 3.14 reads them, the second begins as classes do
_WORDS = ("models", "urls", "views", "admin")  # modules of an app

_STARTERS = (
    "manage.py",
    "wsgi.py",
    "asgi.py",
    "Procfile",
    "Dockerfile",
    "fly.toml",
    "render.yaml",
    "app.json",
    "app.yaml",
)

# Names that are put in when a project is made from a template (startproject --template, cookiecutter, copier).
_BLANK = re.compile(
    r"^.*(?:DJANGO_SETTINGS_MODULE|ROOT_URLCONF|WSGI_APPLICATION|SECRET_KEY)\b.*?(?P<blank>\{\{[^}]*\}\})", re.MULTILINE
)


def refuse_unsuitable(tree: Tree, facts: Facts) -> None:
    """Raises UserError."""
    _refuse_template(tree, facts)
    uses_django = any(one.name == "django" for one in declared.everything(tree))
    if not uses_django and not facts.ranked("settings_module") and not facts.ranked("project_root"):
        raise UserError("repo.no-django")
    _refuse_configured(tree, facts)
    wanted = facts.ranked("python_version")
    if wanted and wanted[0].confidence >= 0.6 and wants_python2(wanted[0].value):
        raise UserError("repo.python2", where=f"{wanted[0].file}:{wanted[0].line or 1}  {wanted[0].excerpt}")
    started = [join(facts.primary("project_root"), "manage.py"), *settingscode.files(tree, facts)]
    for path in [*started, *_loaded(tree, facts)]:
        text = tree.text(path)
        if (sign := _PYTHON2.search(text)) and tree.syntax(path) is None:
            line = text.count("\n", 0, sign.start() + len(sign[0]) - len(sign[0].lstrip())) + 1
            raise UserError("repo.python2", where=f"{path}:{line}  {tree.line(path, line)}")


def _loaded(tree: Tree, facts: Facts) -> Iterator[str]:
    """What is imported of the project's own apps whenever it starts."""
    folders = settingscode.roots(facts)
    for app in dict.fromkeys(app.partition(".apps.")[0] for _, _, app in settingscode.installed_apps(tree, facts)):
        modules = [code.module_file(tree, folders, f"{app}.{word}") for word in _WORDS]
        yield from filter(None, modules)


def _refuse_configured(tree: Tree, facts: Facts) -> None:
    """Settings that a manage.py makes while it runs; not where a file of those that start the site, or its owner, names
    a module of them."""
    path = join(facts.primary("project_root"), "manage.py")
    module = tree.syntax(path)
    called = (
        [one for one in code.calls(module) if code.dotted(one.func).endswith("settings.configure")] if module else []
    )
    chosen = facts.ranked("settings_module")
    if not called or (chosen and chosen[0].file == FILE):
        return
    if not any("DJANGO_SETTINGS_MODULE" in tree.text(one) for one in tree.named(*_STARTERS)):
        where = f"{path}:{called[0].lineno}  {tree.line(path, called[0].lineno)}"
        raise UserError("settings.only-while-managed", where=where, file=path)


def _refuse_template(tree: Tree, facts: Facts) -> None:
    root = facts.primary("project_root")
    if found := re.search(r"\{\{[^}]*\}\}", root):
        raise UserError("repo.template", file=root, blank=found[0])
    if not facts.ranked("project_root") and (files := tree.named("manage.py-tpl", "manage.py.tmpl", "manage.py.jinja")):
        raise UserError("repo.template", file=files[0], blank="a blank")
    for path in [join(root, "manage.py"), *settingscode.files(tree, facts)]:
        if found := _BLANK.search(tree.text(path)):
            line = tree.text(path).count("\n", 0, found.start("blank")) + 1
            where = f"{path}:{line}  {tree.line(path, line)}"
            raise UserError("repo.template", where=where, file=path, blank=found["blank"])
