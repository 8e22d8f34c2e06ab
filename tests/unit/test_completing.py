"""Which missing modules are completed: well known ones and those that the repository names elsewhere, once each."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.errors import UserError
from dz.tasklib.build.completing import LONGEST, MOST, addition, not_committed, without_its_python


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
    assert not blamed or "3.14" in told.brief


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
