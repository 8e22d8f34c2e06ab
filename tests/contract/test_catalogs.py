"""Translations of which only the sources are committed, compiled in this host's real sandbox."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from dz.seams.sandbox import Sandbox
from dz.tasklib.build import catalogs, compiling
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
    assert said[1] == f"{broken} and 1 other are not compiled, and not used: Django could not read them"
    assert sorted(one.suffix for one in tree.rglob("LC_MESSAGES/*")) == [".mo", ".po", ".po"]


def test_what_would_make_a_page_fail_is_not_compiled(sandbox: Sandbox, tree: Path) -> None:
    unsaid = HEAD.replace("nplurals=2; plural=(n != 1)", "nplurals=INTEGER; plural=EXPRESSION")
    misnamed = f"""{GERMAN}
#, python-format
msgid "Hello %(name)s, %(sum)s"
msgstr "Hallo %(Name)s"

#, python-format
msgid "Bye %(name)s"
msgstr "Tschüß %(name)"

#, python-format
msgid "%(share)s% of %(name)s"
msgstr "%(name)s: %(share)s%"
"""
    write_tree(tree, {DE: misnamed, FR: f'{unsaid}\nmsgid "Hello"\nmsgstr "Salut"\n'})
    said = compiled(sandbox, tree, DE, FR)
    assert said[1] == f"{FR} is not compiled, and not used: Django could not read them"
    with (tree / DE.replace(".po", ".mo")).open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("Hello") == "Grüß Gott"
    assert read.gettext("Hello %(name)s, %(sum)s") % {"name": "Ann", "sum": 3} == "Hello Ann, 3"
    assert read.gettext("Bye %(name)s") == "Bye %(name)s"


def test_what_lies_there_already_is_left_as_it_is(sandbox: Sandbox, tree: Path) -> None:
    write_tree(tree, {DE: GERMAN, FR: HEAD})
    (tree / DE.replace(".po", ".mo")).symlink_to("/nowhere")
    (tree / FR.replace(".po", ".mo")).mkdir()
    said = compiled(sandbox, tree, DE, FR)
    assert said == [f"{DE} and 1 other are not compiled, and not used: Django could not read them"]


def test_one_that_ends_early_says_no_word_against_the_catalogs(
    sandbox: Sandbox, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogs, "LONGEST", 0.01)
    write_tree(tree, {DE: GERMAN})
    assert compiled(sandbox, tree, DE) == [f"{DE} is not compiled, and not used: it took too long, or too much"]


def test_all_together_are_no_more_than_a_worker_has_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {DE: GERMAN, FR: GERMAN})
    monkeypatch.setattr(compiling, "MOST", len(GERMAN.encode()) + 10)
    assert compiling.report(tmp_path, [DE, FR])["failed"] == [FR]


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
