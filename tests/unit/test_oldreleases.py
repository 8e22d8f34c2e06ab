"""What of uv's words sends a release to pip, and what is taken of what pip says that it needs."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement

from dz.tasklib.build import oldreleases


@pytest.mark.parametrize(
    "said",
    [
        "error: x\n  cause: Failed to extract archive: pandas==0.24.2\n",
        "error: No solution found\nhint: Metadata for `pandas` (v0.24.2) could not be parsed:\n  after parsing `2011`\n",
    ],
)
def test_both_ways_in_which_uv_refuses_a_release_are_known(said: str) -> None:
    found = oldreleases._REFUSED.search(said)
    assert found is not None and found.groups() == ("pandas", "0.24.2")


def test_what_a_release_needs_is_told_to_uv_in_toml_whatever_letters_it_has() -> None:
    lines = ['x ; extra == "\N{GRINNING FACE}"', 'y ; extra == "\\n"']
    assert tomllib.loads(f"x = {oldreleases._toml(lines)}") == {"x": lines}


def test_a_release_that_is_a_bz2_alone_is_known() -> None:
    said = "  cause: Because twisted==20.3.0 has a non-PEP 625-compliant source distribution filename and you require"
    found = oldreleases._OTHER_ARCHIVE.search(said)
    assert found is not None and found.groups() == ("twisted", "20.3.0")


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("pytz (>=2011k)", "pytz"),
        ("numpy (>=1.12.0)", "numpy>=1.12.0"),
        ("x @ https://x.example/x.zip", "None"),
        ("x (>=2011k) ; extra == 'y'", "None"),
        ("--index-url x", "None"),
    ],
)
def test_a_version_that_is_none_today_may_be_any(line: str, taken: str) -> None:
    assert str(oldreleases._read(line)) == taken


def test_no_pip_is_taken_that_refuses_addresses_in_extras_that_nobody_asked_for() -> None:
    lines = [Requirement(line) for line in oldreleases.PIP]
    assert not any(line.specifier.contains("26.3") for line in lines) and lines[0].specifier.contains("26.2")
