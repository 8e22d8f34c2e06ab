"""Translations of which only the sources are committed, compiled in this host's real sandbox."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from dz.seams.sandbox import Sandbox
from dz.tasklib.build import catalogs
from tests.contract.test_git import Fetching, Notes
from tests.contract.test_inspection import sandbox, tree
from tests.repositories import new_repository, write_tree

__all__ = ["sandbox", "tree"]

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
GERMAN = f"""{HEAD}
msgid "Hello"
msgstr "Grüß Gott"

#, fuzzy
msgid "Bye"
msgstr "Hallo"

#, python-format
msgid "%(n)s book"
msgid_plural "%(n)s books"
msgstr[0] "%(n)s Buch"
msgstr[1] "%(n)s Bücher"
"""
DE, FR = "shop/locale/de/LC_MESSAGES/django.po", "locale/fr/LC_MESSAGES/djangojs.po"


def compiled(sandbox: Sandbox, tree: Path, *names: str) -> list[str]:
    log = Notes()
    catalogs.complete(sandbox, tree, names, log=log, deadline=60)
    return log.notes


def test_what_django_reads_lies_beside_its_source(sandbox: Sandbox, tree: Path) -> None:
    write_tree(tree, {DE: GERMAN, FR: HEAD})
    said = compiled(sandbox, tree, DE, FR)
    assert said == [f"{DE} and 1 other are compiled: the repository has only the sources"]
    with (tree / DE.replace(".po", ".mo")).open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("Hello") == "Grüß Gott"
    assert read.gettext("Bye") == "Bye", "whoever translates has not seen to it yet"
    assert read.ngettext("%(n)s book", "%(n)s books", 2) == "%(n)s Bücher"


def test_what_is_no_catalog_is_told_and_costs_the_others_nothing(sandbox: Sandbox, tree: Path) -> None:
    broken = "locale/it/LC_MESSAGES/django.po"
    write_tree(tree, {DE: GERMAN, broken: "<<<<<<< HEAD\nmsgid\n"})
    said = compiled(sandbox, tree, DE, broken, FR)
    assert said[1] == f"{broken} and 1 other are not compiled, and not used: these are no catalogs"
    assert sorted(one.suffix for one in tree.rglob("LC_MESSAGES/*")) == [".mo", ".po", ".po"]


def test_nothing_is_written_behind_a_link(sandbox: Sandbox, tree: Path) -> None:
    write_tree(tree, {"elsewhere/LC_MESSAGES/django.po": GERMAN})
    (tree / "de").symlink_to("elsewhere")
    with pytest.raises(OSError, match="Not a directory"):
        compiled(sandbox, tree, "de/LC_MESSAGES/django.po")
    assert not list(tree.rglob("*.mo"))


def test_a_checkout_names_those_that_have_nothing_compiled_beside_them(tmp_path: Path) -> None:
    files = {DE: GERMAN, FR: HEAD, FR.replace(".po", ".mo"): "x", "notes/de.po": "x", "manage.py": ""}
    origin = new_repository(tmp_path / "origin", files)
    (origin.folder / "locale/es/LC_MESSAGES").mkdir(parents=True)
    (origin.folder / "locale/es/LC_MESSAGES/django.po").symlink_to("/etc/passwd")
    origin.git("add", ".")
    origin.git("commit", "-q", "-m", "A link")
    assert Fetching(tmp_path).checkout(origin.url).untranslated == (DE,)
