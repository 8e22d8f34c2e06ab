"""A Python that the host lacks is brought by the real uv, from an archive made here of one that the host has."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.version import Version

from dz.run import check
from dz.tasklib.build.downloading import bring, missing
from dz.tasklib.build.interpreters import Interpreter, brought_to, find, readable_by_others
from dz.tasklib.machine import platform_name

LEFT_OUT = {"test", "site-packages", "dist-packages", "idlelib", "tkinter", "ensurepip", "__pycache__"}
HERE = tuple(Interpreter(version=Version(v), path=Path(f"/opt/{v}/bin/python3")) for v in ("3.13.0", "3.11.2"))


@pytest.mark.parametrize(
    "declared, django, series",
    [
        ("", "", ""),
        ("", "5.2", ""),
        ("", "4.0", "3.10"),  # no Python here is one that this Django supports
        ("3.12", "", "3.12"),
        ("3.12.4", "5.0", "3.12"),
        ("3.11.9", "", ""),  # another patch of that series is here
        (">=3.11.4,<3.13", "", "3.12"),  # this one is too old, and a range means what it says
        (">=3.10", "", ""),
        (">=3.9", "3.2", "3.10"),  # the newest that the Django supports too
        (">=3.14", "", "3.14"),
        ("3.15", "", "3.15"),
        ("3.5", "2.2", ""),  # uv has none
        ("2.7", "1.11", ""),
    ],
)
def test_what_is_missing_is_a_series_that_no_interpreter_here_fits(declared: str, django: str, series: str) -> None:
    assert missing(HERE, declared=declared, django=django) == series


class Job:
    """What a build's context has of settings and log."""

    def __init__(self, home: Path) -> None:
        self.settings = SimpleNamespace(home=home)
        self.log = self
        self.parts: list[str] = []
        self.notes: list[str] = []

    def note(self, text: str, *, level: str = "info") -> None:
        self.notes.append(text)

    def left(self, at_most: float) -> float:
        return at_most

    def stop(self) -> bool:
        return False

    @contextlib.contextmanager
    def part(self, title: str) -> Iterator[None]:
        self.parts.append(title)
        yield


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Interpreter, Path]:
    """One of this host's interpreters, packed as those are that uv downloads."""
    folder = tmp_path_factory.mktemp("pythons")
    found = find([], folder / "cache.json")
    one = next((one for one in found if readable_by_others(one.path)), found[0])
    said = check([one.path, "-I", "-S", "-c", "import sys; print(sys.base_prefix)"], deadline=30, cwd=Path("/"))
    name = f"python{one.series}"
    with tarfile.open(folder / "python.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(one.path.resolve(), f"python/bin/{name}")
        tar.add(Path(said.text.strip(), "lib", name), f"python/lib/{name}", filter=_needed)
    return one, folder / "python.tar.gz"


def _needed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    return None if name in LEFT_OUT or name.startswith("config-") or member.issym() else member


@pytest.fixture
def job(tmp_path: Path) -> Any:
    return Job(tmp_path / "home")


def offer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, one: Interpreter, archive: Path, digest: str) -> None:
    """An operator's own list of Pythons, which has this one alone."""
    version, machine = one.version, platform_name().split("-")[1]
    entry = {
        "name": "cpython", "arch": {"family": machine, "variant": None}, "os": "linux", "libc": "gnu",
        "major": version.major, "minor": version.minor, "patch": version.micro, "prerelease": "",
        "url": archive.as_uri(), "sha256": digest, "variant": None, "build": None,
    }  # fmt: skip
    listed = tmp_path / "downloads.json"
    listed.write_text(json.dumps({f"cpython-{version}-linux-{machine}-gnu": entry}))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", listed.as_uri())


def test_a_python_is_brought_where_every_uid_can_start_it_and_is_found_from_then_on(
    job: Any, archive: tuple[Interpreter, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, packed = archive
    offer(monkeypatch, tmp_path, one, packed, hashlib.sha256(packed.read_bytes()).hexdigest())
    series = str(one.series)
    assert bring(job, series) and job.parts == [f"Download Python {series}"] and not job.notes
    brought = next(brought_to(job.settings.home).glob(f"cpython-{one.version}*/bin/python{series}"))
    assert Interpreter(version=one.version, path=brought) in find([brought], tmp_path / "cache.json")
    said = check([brought, "-I", "-c", "import sys, ssl, venv; print(sys.base_prefix)"], deadline=30, cwd=Path("/"))
    assert Path(said.text.strip()) == brought.parents[1].resolve()
    assert all(path.stat().st_mode & 0o005 == 0o005 for path in (brought, *list(brought.parents)[:3]))


def test_an_archive_that_is_not_what_was_promised_is_refused_in_one_line_and_not_asked_for_again(
    job: Any, archive: tuple[Interpreter, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, packed = archive
    offer(monkeypatch, tmp_path, one, packed, "0" * 64)
    series = str(one.series)
    assert not bring(job, series)
    assert len(job.notes) == 1 and job.notes[0].startswith(f"Python {series} could not be downloaded: ")
    assert not list(brought_to(job.settings.home).glob("cpython-*"))
    assert not bring(job, series)
    assert len(job.parts) == 1 and "not tried again" in job.notes[1]


def test_nothing_is_downloaded_where_the_operator_says_never(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    assert not bring(job, "3.14") and not job.parts and not job.notes
