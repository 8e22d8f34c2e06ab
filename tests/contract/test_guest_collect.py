"""Static files in a release: collected whatever the project's own command and storage do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests import SETTINGS, Site, environment, everywhere

MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


STATIC = {
    "assets/site.css": "body { background: url(missing.png) }",
    "committed/vendor/old.js": "old",
    "committed/site.css": "stale",
}


@everywhere
def test_static_files_are_collected_though_one_refers_to_a_missing_one(name: str, tmp_path: Path) -> None:
    lines = (
        f"import pathlib\n{SETTINGS}STATICFILES_DIRS = ['assets']\n"
        f"STATIC_ROOT = pathlib.Path({str(tmp_path / 'code' / 'committed')!r})\n"
        f"if __import__('django').VERSION < (5, 1):\n    STATICFILES_STORAGE = {MANIFEST!r}\n"
        f"else:\n    STORAGES = {{'staticfiles': {{'BACKEND': {MANIFEST!r}}}}}\n"
    )
    made = Site.of(tmp_path, environment(name), {"site_settings.py": lines, **STATIC})
    collected = made.guest("manage", "collectstatic", "--noinput")
    assert "committed files of committed kept" in collected.text
    root = tmp_path / "static"
    assert (root / "site.css").read_text() == STATIC["assets/site.css"]
    assert (root / "vendor" / "old.js").read_text() == "old"
    assert (root / "staticfiles.json").exists()
    check = (
        "from django.contrib.staticfiles.storage import staticfiles_storage as s; print('URL', s.url('no.css'), s.url('vendor/old.js'), s.url('site.css'))\n"
        "from django.conf import settings; print('JOINED', settings.STATIC_ROOT / 'site.css')"
    )
    told = made.guest("manage", "shell", "-c", check).text
    assert "URL /static/no.css /static/vendor/old.js /static/site." in told
    assert f"JOINED {root}/site.css" in told  # a Path, as the project's own is


ELSEWHERE = """
from django.core.files.storage import FileSystemStorage
def Made():
    return FileSystemStorage(location="bucket")
class Far(FileSystemStorage):
    pass
"""


@pytest.mark.parametrize("named", ["storing.Made", "storing.Far", "lacking.Storage"])
def test_files_of_a_storage_elsewhere_are_collected_and_served_here(named: str, tmp_path: Path) -> None:
    """By whatever the settings name it: a class, a function that makes one, a module that misses its library."""
    lines = f"{SETTINGS}STATICFILES_DIRS = ['assets']\nSTATIC_URL = '//bucket.example/static/'\n"
    lines += f"if __import__('django').VERSION < (5, 1):\n    STATICFILES_STORAGE = {named!r}\n"
    lines += f"else:\n    STORAGES = {{'staticfiles': {{'BACKEND': {named!r}}}}}\n"
    lacking = "from django.core.exceptions import ImproperlyConfigured\nraise ImproperlyConfigured('no library')\n"
    files = {"site_settings.py": lines, "storing.py": ELSEWHERE, "lacking.py": lacking, **STATIC}
    made = Site.of(tmp_path, environment("newest"), files)
    made.spec["collect"] = True
    found = made.probe(["site_settings"])
    assert (found.chosen.collected, found.learned.static_url) == (True, "/static/")
    assert (Path(made.spec["static_root"]) / "site.css").exists()


def test_an_apps_command_that_copies_nothing_does_not_leave_the_site_without_files(tmp_path: Path) -> None:
    """As one does that uploads them to its own storage, where the project does not use that for them."""
    own = "from django.contrib.staticfiles.management.commands.collectstatic import Command as Theirs\n"
    own += "class Command(Theirs):\n    def copy_file(self, *_, **__):\n        pass\n"
    lines = f"{SETTINGS}STATICFILES_DIRS = ['assets']\nINSTALLED_APPS.reverse()\n"
    files = {"site_settings.py": lines, "peek/management/commands/collectstatic.py": own, **STATIC}
    assert Site.of(tmp_path, environment("newest"), files).manage("collectstatic", "--noinput").ok
    assert (tmp_path / "static" / "site.css").exists()


def test_a_command_of_files_needs_no_option_for_its_checks(tmp_path: Path) -> None:
    """Django 3.0's has none."""
    own = "from django.core.management.base import BaseCommand\nclass Command(BaseCommand):\n"
    own += "    requires_system_checks = []\n    def add_arguments(self, parser):\n"
    own += "        parser.add_argument('--noinput', action='store_false', dest='interactive')\n"
    own += "    def handle(self, **options):\n        assert options['skip_checks']\n"
    files = {
        "site_settings.py": f"{SETTINGS}STATICFILES_DIRS = ['assets']\nINSTALLED_APPS.reverse()\n",
        "peek/management/commands/collectstatic.py": own,
        **STATIC,
    }
    assert Site.of(tmp_path, environment("newest"), files).manage("collectstatic", "--noinput").ok


def test_a_static_root_that_holds_the_project_publishes_nothing(tmp_path: Path) -> None:
    lines = f"{SETTINGS}STATIC_ROOT = {str(tmp_path / 'code')!r}\n"
    made = Site.of(tmp_path, environment("newest"), {"site_settings.py": lines})
    assert made.manage("collectstatic").ok
    assert list((tmp_path / "static").rglob("*.py")) == []
