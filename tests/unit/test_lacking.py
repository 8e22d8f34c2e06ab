"""What the source needs and is not installed, as after a ``git pull``: said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.errors import UserError
from dz.local import up
from dz.local.lacking import lacking
from dz.local.layout import Layout


def written(folder: Path, *lines: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text("[project]\ndependencies = [" + ", ".join(f"'{line}'" for line in lines) + "]\n")
    return file


def test_this_very_source_lacks_nothing_here() -> None:
    assert lacking() == []


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        ("django>=5.2,<6", []),
        ("django>=99", ["django>=99"]),
        ("no-such-thing>=1", ["no-such-thing"]),
        ('no-such-thing>=1; python_version < "3"', []),
        ("psycopg[pool]", []),
        ("uvicorn[no-such-extra]", []),
    ],
)
def test_a_requirement_is_held_to_what_is_installed(line: str, lacks: list[str], tmp_path: Path) -> None:
    assert lacking(written(tmp_path, line)) == lacks


def test_an_extra_is_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    real = metadata.distribution

    def without(name: str) -> metadata.Distribution:
        if name == "psycopg-pool":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "distribution", without)
    assert lacking(written(tmp_path, "psycopg[binary,pool]>=3")) == ["psycopg-pool"]


def test_no_clone_lacks_nothing(tmp_path: Path) -> None:
    assert lacking(tmp_path / "pyproject.toml") == []


def test_up_says_it_before_it_touches_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "lacking", lambda: ["psycopg-pool"])
    home = tmp_path / "home"
    with pytest.raises(UserError) as told:
        up.up(Layout(home), "", lambda *_: None)
    assert told.value.id == "local.not-installed" and "make up" in told.value.next
    assert not home.exists()
