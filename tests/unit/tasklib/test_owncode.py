"""A project's code is compiled once, by us, and what a release gets of it is looked at by Python itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dz.names import AppId
from dz.run import check
from dz.tasklib.build.owncode import OwnCode, folder_of

APP = AppId.of(1)
PYTHON = ".".join(map(str, sys.version_info[:3]))
LONG = "# as long as what is worth it\n" * 10
CACHE = f"__pycache__/%s.{sys.implementation.cache_tag}.pyc"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A commit's files."""
    folder = tmp_path / "build/src"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/models.py").write_text(f"SIZE = 1\n{LONG}")
    (folder / "shop/template.py").write_text("{{ name }} = = 1\n" * 20)
    (folder / "shop/__init__.py").write_text("")
    (folder / "shop/link.py").symlink_to("/etc/passwd")
    return folder


def kept(home: Path, code: Path) -> int:
    python = Path(sys.executable).resolve()
    return own(home).keep(code, python, work=home / "build", deadline=60, cancelled=lambda: False)


def own(home: Path) -> OwnCode:
    return OwnCode(home=home, app_id=APP, python=PYTHON)


def said(release: Path) -> str:
    """What its module says when it is imported, and from where it was taken."""
    program = "import shop.models as m; print(m.SIZE, m.__cached__)"
    return check([sys.executable, "-B", "-c", program], deadline=60, cwd=release, env={"PYTHONPATH": str(release)}).text


def test_what_one_release_compiled_the_next_one_has_and_nothing_that_is_not_of_its_source(
    tmp_path: Path, code: Path
) -> None:
    assert kept(tmp_path, code) == 1, "a template is no Python, an empty file is not worth it, no link is followed"
    assert kept(tmp_path, code) == 0
    assert not list(code.rglob("*.pyc")), "the commit's files stay as they are"
    assert not (tmp_path / "build/compiled").exists()
    release = tmp_path / "release"
    (release / "shop/__pycache__").mkdir(parents=True)
    (release / "shop" / (CACHE % "models")).write_bytes(b"committed")
    (release / "shop/models.py").write_text(f"SIZE = 1\n{LONG}")
    (release / "shop/other.py").write_text(f"SIZE = 2\n{LONG}")
    own(tmp_path).seed(release)
    assert [file.name for file in (release / "shop/__pycache__").iterdir()] == [Path(CACHE % "models").name]
    assert str(tmp_path).encode() not in (release / "shop" / (CACHE % "models")).read_bytes()
    assert said(release).split() == ["1", str(release / "shop" / (CACHE % "models"))]
    (release / "shop/models.py").write_text(f"SIZE = 3\n{LONG}")
    assert said(release).split()[0] == "3", "who edits a file in a release sees what he wrote"


def test_nothing_kept_is_no_error_and_no_file_of_the_project_is_in_the_way(tmp_path: Path, code: Path) -> None:
    own(tmp_path).seed(code)
    kept(tmp_path, code)
    (code / "shop/__pycache__").write_text("a file")
    own(tmp_path).seed(code)
    assert (code / "shop/__pycache__").read_text() == "a file"


def test_names_that_compileall_would_read_otherwise_are_passed_over(tmp_path: Path, code: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.py").write_text(f"SIZE = 4\n{LONG}")
    for name in (f"a\r{elsewhere}/x.py", " /y.py", "z\udcff.py"):
        path = code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"SIZE = 5\n{LONG}")
    assert kept(tmp_path, code) == 1
    assert not list(elsewhere.rglob("*.pyc"))


def test_nothing_is_laid_through_a_link_and_a_few_lines_do_not_become_megabytes(tmp_path: Path, code: Path) -> None:
    nested = "".join(f"{' ' * i}try:\n{' ' * i} x = 1\n{' ' * i}finally:\n" for i in range(12)) + f"{' ' * 13}x = 2\n"
    (code / "shop/grows.py").write_text(nested)
    assert kept(tmp_path, code) == 1, "what grows is not kept"
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / Path(CACHE % "models").name).write_bytes(b"theirs")
    (code / "shop/__pycache__").symlink_to(victim)
    own(tmp_path).seed(code)
    assert (victim / Path(CACHE % "models").name).read_bytes() == b"theirs"
    assert folder_of(tmp_path, APP).exists() and not folder_of(tmp_path, AppId.of(2)).exists()
