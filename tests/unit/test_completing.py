"""Which missing modules are completed: well known ones and those that the repository names elsewhere, once each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import UserError
from dz.tasklib.build import completing
from dz.tasklib.build.completing import (
    LONGEST,
    MOST,
    addition,
    lacking,
    not_committed,
    not_there,
    without_its_python,
)


@pytest.mark.parametrize(
    ("module", "added", "expected"),
    [
        ("debug_toolbar.urls", (), "django-debug-toolbar"),
        ("debug_toolbar", ("django-debug-toolbar",), ""),  # it did not help
        ("fontawesomefree", (), "fontawesomefree"),
        ("fontawesome_5", (), "django-fontawesome-5"),
        ("django_ckeditor_5", (), "django-ckeditor-5"),
        ("bootstrap5", (), "django-bootstrap-v5"),
        ("crispy_bulma", (), "crispy-bulma"),
        ("dj_database_url", (), "dj-database-url"),
        ("health_check.db", (), "django-health-check"),
        ("packaging.version", (), "packaging"),  # packages forget to ask for it
        ("rest_framework_nested.routers", (), "drf-nested-routers"),
        ("shop.local_settings", (), ""),
        ("", (), ""),
        ("pytz", tuple(map(str, range(MOST))), ""),
    ],
)
def test_a_known_module_is_added_once(module: str, added: tuple[str, ...], expected: str) -> None:
    assert addition(module, added) == expected


@pytest.mark.parametrize(
    ("module", "added", "expected"),
    [
        ("whoosh.fields", (), "Whoosh<2.8,>=2.7"),
        ("quokka_menu", (), "django-quokka-menu"),
        ("debug_toolbar", (), "django-debug-toolbar==4.2"),  # the version that they name
        ("whoosh", ("Whoosh<2.8,>=2.7",), ""),  # it did not help
        ("wombat", (), ""),
    ],
)
def test_what_the_repository_declares_for_something_else_is_taken_as_it_is_named(
    module: str, added: tuple[str, ...], expected: str
) -> None:
    spare = ("Whoosh<2.8,>=2.7", "django-quokka-menu", "django-debug-toolbar==4.2")
    assert addition(module, added, spare) == expected


@pytest.mark.parametrize(
    ("declared", "python", "blamed"),
    [("3.14", "3.13.0", True), (">=3.14", "3.13.0", True), ("3.13", "3.13.0", False), ("", "3.13.0", False)],
)
def test_code_that_only_the_declared_python_can_read_is_told_with_that_python(
    declared: str, python: str, blamed: bool
) -> None:
    facts = {"python": python, "file": "shop/apps.py", "error": "SyntaxError: parenthesize"}
    error = UserError("settings.syntax-error", where="shop/apps.py:21  except A, B:", **facts)
    told = without_its_python(error, declared, python)
    assert told.id == ("python.none-fits" if blamed else error.id) and told.where == error.where
    assert not blamed or ("3.14" in told.brief and "(SyntaxError: parenthesize)" in told.brief)


@pytest.mark.parametrize(
    ("error", "line", "blamed"),
    [
        ("SyntaxError: '[' was never closed", "urlpatterns = [", False),
        ("SyntaxError: unmatched ')'", "print(1))", False),
        ("IndentationError: expected an indented block after 'if' statement on line 3", "x = 1", False),
        ("SyntaxError: '(' was never closed", 'x = f"{d["(k"]}"', True),
        ("SyntaxError: unmatched ']'", "x = rf'{d['a']}'", True),
        ("SyntaxError: invalid syntax", "type Price = int", True),
        ("SyntaxError: f-string: expecting '}'", 'f"{d["a"]}"', True),
    ],
)
def test_a_slip_that_no_python_reads_is_told_as_that(error: str, line: str, blamed: bool) -> None:
    facts = {"python": "3.11.2", "file": "shop/urls.py", "error": error}
    told = without_its_python(
        UserError("settings.syntax-error", where=f"shop/urls.py:1  {line}", **facts), "3.12", "3.11.2"
    )
    assert (told.id == "python.none-fits") is blamed and error in told.brief


@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ("*.pyc\n/wombat/local.py\n", ".gitignore:2 keeps local.py"),
        ("local.py  \n", ".gitignore:1 keeps local.py"),
        (f"{'x' * LONGEST}\nlocal.py\n", "which is not installed"),
        ("# local.py\nlocal.pyc\nmylocal.py\nlocal\n", "which is not installed"),
    ],
)
def test_a_module_whose_file_git_ignores_is_told_with_that_line(ignored: str, said: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(ignored)
    error = UserError(
        "settings.module-missing", where="wombat/settings.py:3  from .local import *", module="wombat.local"
    )
    told = not_committed(error, tmp_path / ".gitignore")
    assert said in told.brief and told.where == error.where


def test_a_name_that_a_package_lacks_may_be_a_file_that_git_ignores(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("passwords.py\n")
    line = "wombat/settings.py:3  from wombat import passwords"
    facts = {"settings": "wombat.settings", "error": "ImportError: cannot import name 'passwords'"}
    error = UserError("settings.import-failed", where=line, module="wombat.passwords", **facts)
    told = not_committed(error, tmp_path / ".gitignore")
    assert (told.id, told.where) == ("settings.file-ignored", line)
    nameless = UserError("settings.import-failed", where=line, module="", **facts)
    assert not_committed(nameless, tmp_path / ".gitignore") is nameless


@pytest.mark.parametrize(
    ("module", "id"),
    [
        ("wombat.settings.local", "settings.not-in-repository"),
        ("wombat.nowhere.local", "settings.module-missing"),
        ("local", "settings.module-missing"),
        ("crispy_forms.helper", "settings.module-missing"),
    ],
)
def test_a_module_that_a_package_of_the_projects_own_lacks_is_no_package_to_install(
    module: str, id: str, tmp_path: Path
) -> None:
    (tmp_path / "wombat/settings").mkdir(parents=True)
    error = UserError(
        "settings.module-missing", where="wombat/settings/__init__.py:3  from .local import *", module=module
    )
    found = not_there(error, tmp_path)
    assert (found.id, found.where) == (id, error.where)


def test_of_what_is_imported_that_is_missing_which_an_environment_has_not(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"
    for name in ("crispy_forms", "yaml", "qrcode-7.0.dist-info"):
        (packages / name).mkdir(parents=True)
    (packages / "six.py").touch()
    (packages / "_cffi_backend.cpython-311-x86_64-linux-gnu.so").touch()
    modules = ["_cffi_backend", "crispy_forms", "import_export", "qrcode", "six", "yaml"]
    assert lacking(modules, tmp_path) == ["import_export", "qrcode"]


@pytest.mark.parametrize("conflict", [False, True])
def test_what_is_missing_beside_it_is_added_at_once_unless_it_can_not_be_had(
    conflict: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    lacks = iter(["qrcode.image", "import_export"] if conflict else ["qrcode.image"])

    starts = SimpleNamespace(lacks="")

    def prove(build: object, environment: object) -> object:
        module = next(lacks, "")
        if module:
            raise UserError("settings.module-missing", module=module)
        return starts

    def provide(build: object, added: tuple[str, ...]) -> object:
        asked.append(added)
        if conflict and len(added) == 3:
            raise UserError("build.requirements-conflict", reason="no")
        return environment

    guesses = {"imported": "crispy_forms\nimport_export\nnobody_knows\nqrcode"}
    environment: Any = SimpleNamespace(folder=tmp_path)
    note = SimpleNamespace(note=lambda *words, **more: None)
    door = SimpleNamespace(guesses=lambda field: [SimpleNamespace(value=guesses.get(field, ""))])
    build: Any = SimpleNamespace(ctx=SimpleNamespace(door=door, log=note))
    monkeypatch.setattr(completing, "prove", prove)
    monkeypatch.setattr(completing, "provide", provide)
    assert completing.proven(build, environment) == (environment, starts)
    whole = ("qrcode", "django-crispy-forms", "django-import-export")
    assert asked[0] == whole and asked[1:2] == [("qrcode",)] * conflict
    assert conflict or len(asked) == 1


@pytest.mark.parametrize("starts", [False, True])
def test_what_can_not_be_had_is_told_and_decides_nothing(
    starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove(build: object, environment: object) -> object:
        if not starts:
            raise UserError("settings.module-missing", module="qrcode")
        return SimpleNamespace(lacks="qrcode")

    def provide(build: object, added: object) -> object:
        raise UserError("build.requirements-conflict", reason="it has no wheel")

    notes: list[str] = []
    log = SimpleNamespace(note=lambda text, **more: notes.append(text))
    ctx = SimpleNamespace(door=SimpleNamespace(guesses=lambda field: []), log=log)
    config = SimpleNamespace(project_root="", python_version="")
    environment: Any = SimpleNamespace(folder=tmp_path, left_out=(), python="3.12.1")
    build: Any = SimpleNamespace(ctx=ctx, tree=tmp_path, config=config)
    monkeypatch.setattr(completing, "prove", prove)
    monkeypatch.setattr(completing, "provide", provide)
    monkeypatch.setattr(completing, "of_its_day", lambda *asked: None)
    if starts:
        assert completing.proven(build, environment)[0] is environment
    else:
        with pytest.raises(UserError) as refused:
            completing.proven(build, environment)
        assert refused.value.id == "settings.module-missing"
    assert len(notes) == 2 and notes[1].endswith("it has no wheel. qrcode: not added")
