"""Which Python a project gets, and how it is told when it isn't the one it asked for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.version import Version

from dz.errors import UserError
from dz.tasklib.build.inspect.pythons import specifier
from dz.tasklib.build.interpreters import Interpreter, choose, find, of_host
from tests.repositories import write_tree

HERE = tuple(
    Interpreter(version=Version(v), path=Path(f"/opt/{v}/bin/python3"))
    for v in ("3.13.0", "3.12.1", "3.11.7", "3.10.13", "3.9.18", "3.8.18", "3.7.16", "3.6.15")
)


@pytest.mark.parametrize(
    "declared, django, expected, exact",
    [
        ("", "4.2.7", "3.12.1", True),
        ("", "", "3.13.0", True),
        ("", "1.11", "3.6.15", True),
        ("", "1.11.16", "3.6.15", True),
        ("", "1.11.17", "3.7.16", True),
        ("", "1.8.19", "3.6.15", True),
        ("", "Django>=3.2,<4", "3.10.13", True),
        ("", "9.9", "3.13.0", True),
        ("3.12", "", "3.12.1", True),
        ("3.12", "3.2", "3.12.1", True),  # the declaration rules
        (">=3.9", "3.2", "3.10.13", True),
        ("^3.10", "5.0", "3.12.1", True),
        ("~3.9", "", "3.9.18", True),
        ("python-3.11.7", "", "3.11.7", True),
        ("3.8.x", "", "3.8.18", True),
        ("3.7.3", "2.2", "3.7.16", False),
        ("3.6.4", "4.0", "3.6.15", False),  # so does a patch that is not here
        ("3.14", "5.2", "3.13.0", False),
        ("3.5", "2.2", "3.6.15", False),
    ],
)
def test_the_declaration_then_django_then_the_newest(declared: str, django: str, expected: str, exact: bool) -> None:
    chosen = choose(HERE, declared=declared, django=django)
    assert (str(chosen.interpreter.version), chosen.exact) == (expected, exact)
    assert exact or declared in chosen.why


@pytest.mark.parametrize("declared", ["", "3.8.0"])
def test_a_django_with_no_upper_bound_runs_on_a_python_that_its_oldest_does_not_know(declared: str) -> None:
    newest = [one for one in HERE if one.series > Version("3.10")]
    assert choose(newest, declared=declared, django=">=3.2").interpreter in newest
    with pytest.raises(UserError):
        choose(newest, declared=declared, django=">=3.2,<4")


def test_when_nothing_fits_it_says_what_is_needed_and_what_is_here() -> None:
    with pytest.raises(UserError) as told:
        choose(HERE[-1:], django="5.2")
    assert told.value.id == "python.none-fits"
    assert "3.10 to 3.14" in told.value.brief and "3.6.15" in told.value.brief


@pytest.mark.parametrize("declared", ["", ">=3.2,<3.5"])
def test_a_django_that_no_python_of_today_can_import_is_told_with_its_pythons(declared: str) -> None:
    with pytest.raises(UserError) as told:
        choose(HERE, declared=declared, django="1.7.1")
    assert (told.value.id, "3.2 to 3.4" in told.value.brief) == ("python.none-fits", True)


@pytest.mark.parametrize("text", ["", "*", "latest", "three", "3.x.y.z"])
def test_what_is_no_version_declares_nothing(text: str) -> None:
    assert specifier(text) is None


def test_interpreters_are_asked_once_and_a_changed_file_again(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    fake = tmp_path / "python3"
    cache = tmp_path / "cache.json"

    def pretend(version: str) -> None:
        fake.write_text(f"#!/bin/sh\necho x >> {asked}\necho '\"{version}\"'\n")
        fake.chmod(0o755)

    pretend("3.9.99")
    for _ in range(2):
        assert Interpreter(version=Version("3.9.99"), path=fake) in find([fake], cache)
    assert asked.read_text() == "x\n"
    pretend("3.10.99")
    assert Interpreter(version=Version("3.10.99"), path=fake) in find([fake], cache)


def test_a_virtual_environment_and_a_broken_file_are_no_interpreters(tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    found = find([broken], tmp_path / "cache.json")
    assert broken not in [one.path for one in found]
    assert found and all(one.version >= Version("3.6") for one in found)


def test_a_folder_on_the_path_that_can_not_even_be_asked_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of root are to an ordinary user who kept root's PATH; too long a name is refused to root as well."""
    fake = write_tree(tmp_path / "bin", {"python3.9": "#!/bin/sh\necho '\"3.9.99\"'\n"}) / "python3.9"
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"/{'x' * 300}:{tmp_path / 'nowhere'}::{fake.parent}")
    assert Interpreter(version=Version("3.9.99"), path=fake) in find([], tmp_path / "cache.json")


@pytest.mark.parametrize(("home", "used"), [("share/djangozoom", False), ("../djangozoom", True)])
def test_a_python_whose_installation_holds_our_own_folder_is_not_used(home: str, used: bool, tmp_path: Path) -> None:
    built = write_tree(
        tmp_path / ".local", {"lib/python3.9/os.py": "", "bin/python3.9": "#!/bin/sh\necho '\"3.9.99\"'\n"}
    )
    python = built / "bin/python3.9"
    python.chmod(0o755)
    settings: Any = SimpleNamespace(pythons=str(python), home=built / home)
    sandbox: Any = SimpleNamespace(starts=lambda program: True)
    usable, others = of_host(settings, sandbox)
    assert python in [one.path for one in (usable if used else others)]
