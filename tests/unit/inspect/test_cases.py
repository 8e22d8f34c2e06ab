"""Every case is guessed as it is, and when its packages and folders are called something else."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dz.errors import UserError
from dz.tasklib.build.inspect.__main__ import report
from dz.tasklib.build.inspect.evidence import LISTS
from tests.repositories import write_tree
from tests.unit.inspect import cases

CASES = [importlib.import_module(f"{cases.__name__}.{one.name}") for one in pkgutil.iter_modules(cases.__path__)]
IDS = [one.__name__.rsplit(".", 1)[-1] for one in CASES]


def primaries(folder: Path, chosen: str = "") -> dict[str, str]:
    """The primary value of each field."""
    answer = report(folder, chosen)
    assert "error" not in answer, answer
    found: dict[str, str] = {}
    for one in answer["guesses"]:
        if one["is_primary"]:
            assert one["field"] not in found, f"two primaries for {one['field']}"
            found[one["field"]] = one["value"]
    return found


def comparable(field: str, value: str) -> object:
    return sorted(value.split("\n")) if field in LISTS else value


def differences(folder: Path, expected: Mapping[str, str], *, chosen: str = "") -> dict[str, tuple[str, str]]:
    found = primaries(folder, chosen)
    return {
        field: (found.get(field, ""), value)
        for field, value in expected.items()
        if comparable(field, found.get(field, "")) != comparable(field, value)
    }


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_case_is_guessed_as_it_is(case: ModuleType, tmp_path: Path) -> None:
    assert differences(write_tree(tmp_path, case.FILES), case.EXPECTED) == {}


# Words that mean nothing to any rule, so that a name says only that it is one.
WORDS = st.from_regex(r"z[a-z]{2,7}_?[a-z]", fullmatch=True)


@pytest.mark.parametrize("case", CASES, ids=IDS)
@settings(max_examples=6, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(data=st.data())
def test_guesses_move_along_when_packages_and_folders_are_renamed(case: ModuleType, data: Any) -> None:
    words = data.draw(st.lists(WORDS, min_size=len(case.NAMES), max_size=len(case.NAMES), unique=True))
    renames = dict(zip(case.NAMES, words, strict=True))
    pattern = re.compile(rf"(?<![A-Za-z0-9_])({'|'.join(case.NAMES)})(?![A-Za-z0-9_])", re.IGNORECASE)

    def renamed(text: str) -> str:
        return pattern.sub(lambda found: renames[found[0].lower()], text)

    files = {
        renamed(path): renamed(content) if isinstance(content, str) else content for path, content in case.FILES.items()
    }
    with TemporaryDirectory() as folder:
        expected = {field: renamed(value) for field, value in case.EXPECTED.items()}
        assert differences(write_tree(Path(folder), files), expected) == {}


def test_a_guess_tells_where_it_is_from_and_the_losers_stay(tmp_path: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.several_settings")
    guesses = report(write_tree(tmp_path, case.FILES))["guesses"]
    settings_modules = [one["value"] for one in guesses if one["field"] == "settings_module"]
    assert settings_modules == [f"quokka.settings.{name}" for name in ("production", "base", "local", "test")]
    key = next(one for one in guesses if one["field"] == "environment" and one["value"] == "PAYMENT_KEY")
    assert key["basis"]["file"] == "quokka/settings/production.py" and key["basis"]["line"] == 2
    assert key["basis"]["excerpt"] == "KEY = env('PAYMENT_KEY')"
    assert "sk_test_1" in key["basis"]["why"] and "from the bank" in key["basis"]["why"]
    names = {one["value"]: one["confidence"] for one in guesses if one["field"] == "environment"}
    assert names["LATER"] < 0.5 and names["CACHE_TIME"] < 0.5
    assert "ONLY_TESTS" not in names and "LOCAL_TOY" not in names


DJANGO = "from django.conf import settings\nfrom django.core.management import execute_from_command_line\n"
RUN, APPS = "execute_from_command_line()\n", "INSTALLED_APPS = []\nROOT_URLCONF = 'base.urls'\nDATABASES = {}\n"


@pytest.mark.parametrize("named", [{"wsgi.py": "os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"},
                                   {"zoombuild.cfg": "[project]\ndjango_settings_module = settings\n"}])  # fmt: skip
def test_a_manage_py_that_makes_settings_is_no_reason_where_a_module_of_them_is_named(
    named: dict[str, str], tmp_path: Path
) -> None:
    files = {"manage.py": f"{DJANGO}settings.configure()\n{RUN}", "settings.py": APPS, **named}
    assert "error" not in report(write_tree(tmp_path, files))


@pytest.mark.parametrize(
    ("files", "id", "where"),
    [
        ({"README.md": "# x", "manage.py": "print('I manage things')"}, "repo.no-django", ""),
        ({"package.json": "{}"}, "repo.no-django", ""),
        (
            {
                "manage.py": "from django.core.management import execute_from_command_line\nexecute_from_command_line()",
                "runtime.txt": "python-2.7.18",
            },
            "repo.python2",
            "runtime.txt:1",
        ),
        (
            {
                "manage.py": "#!/usr/bin/env python\nfrom django.core.management import execute_manager\n"
                "try:\n    import settings\nexcept ImportError, error:\n    print 'no'\nexecute_manager(settings)\n",
                "settings.py": "INSTALLED_APPS = ()\nROOT_URLCONF = 'urls'\n",
            },
            "repo.python2",
            "manage.py:5",
        ),
        (
            {
                "src/manage.py": f"{DJANGO}def main():\n    settings.configure(**merged())\n    {RUN}",
                "src/base/settings.py": APPS,
            },
            "settings.only-while-managed",
            "src/manage.py:4  settings.configure(**merged())",
        ),
        ({"manage.py": "", "zoombuild.cfg": "[project]\nsettings = x\n"}, "repo.config-unknown-key", ""),
    ],
)
def test_what_no_platform_could_run_is_refused_with_its_place(
    files: dict[str, str], id: str, where: str, tmp_path: Path
) -> None:
    error = report(write_tree(tmp_path, files))["error"]
    assert error["id"] == id and error["where"].startswith(where)
    UserError(id, where=error["where"], **error["facts"])  # the registry has what the sentence needs


def test_links_lead_nowhere_and_strange_files_do_no_harm(tmp_path: Path) -> None:
    case = importlib.import_module("tests.unit.inspect.cases.plain")
    root = write_tree(tmp_path / "tree", case.FILES)
    outside = write_tree(tmp_path / "outside", {"requirements.txt": "secret-package==1\n", "x/manage.py": "django"})
    (root / "requirements").symlink_to(outside)
    (root / "requirements-prod.txt").symlink_to(outside / "requirements.txt")
    (root / "requirements-shadow.txt").symlink_to("/etc/shadow")
    (root / "loop").symlink_to(root)
    shutil.copytree(root / "wombat", root / "venv" / "wombat")
    write_tree(
        root,
        {
            "venv/pyvenv.cfg": "",
            "deep.py": "x = " + "(" * 5000 + ")" * 5000,
            "nul.py": b"\0\0\0environ\0",
            "broken/pyproject.toml": "[[[",
            "broken/requirements.txt": b"\xff\xfe\x00\x00 Dj\xe4ngo ===;;; @@@\n-r ../../../etc/passwd\n-e .\n",
            "latin.py": "x = 'caf\xe9'".encode("latin-1"),
            "big/requirements.txt": b"a==1\n" * 400_000,
        },
    )
    answer = report(root)
    assert differences(root, case.EXPECTED) == {}
    assert "secret-package" not in str(answer) and "root:" not in str(answer)
    assert any("big/requirements.txt" in message for message in answer["messages"])
