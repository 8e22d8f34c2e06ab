"""Dependencies of old times, for another system or Python, or without a library: what is done instead is said."""

from __future__ import annotations

import io
import tarfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.version import Version

from dz.errors import UserError
from dz.seams.sandbox.indexes import of_this_host
from dz.seams.sandbox.ladder import make
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.otherpython import first_that_fits, has_wheel
from dz.tasklib.build.resolve import resolve
from dz.tasklib.build.wanted import Wanted
from tests.contract.test_dependencies import WANTED, bench, home, python, said, sandbox

__all__ = ["bench", "home", "python", "sandbox"]


@pytest.mark.parametrize(
    ("name", "needs", "limit"),
    [("convert_path", "", "58"), ("Feature", "", "46"), ("find_packages", "sqlparse>=0.1.4<1", "66")],
)
def test_a_package_that_only_old_setuptools_can_build_gets_that(
    name: str, needs: str, limit: str, bench: Bench
) -> None:
    (bench.tree / "old").mkdir()
    (bench.tree / "old/setup.py").write_text(
        f"from setuptools import {name}, setup\nsetup(name='old', version='1', py_modules=[], install_requires='{needs}')\n"
    )
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n./old\nuwsgi==2.0.20\nmysqlclient==2.1\n")
    locked, _ = resolve(bench, WANTED)
    assert locked.built == ("old",) and f"setuptools before {limit}" in said(bench)
    assert not locked.version("uwsgi") and not locked.version("mysqlclient")


def test_what_a_list_names_of_the_system_on_which_it_was_frozen_is_left_out(bench: Bench) -> None:
    frozen = "Django>=4.2,<5\npkg-resources==0.0.0\npywin32==306\npypiwin32==223\ntwisted-iocpsupport==1.0.2\n"
    (bench.tree / "requirements.txt").write_text(frozen)
    locked, _ = resolve(bench, WANTED)
    assert {one.name for one in locked.project} >= {"django", "sqlparse"} and not locked.built
    assert not {one.name for one in locked.project} & {"pkg-resources", "pywin32", "pypiwin32", "twisted-iocpsupport"}


def test_what_is_left_open_is_taken_as_it_works_with_what_is_pinned(bench: Bench) -> None:
    pinned = "Django>=4.2,<5\ncelery==5.2.7\nredis==3.5.3\njinja2==2.11.3\n"
    (bench.tree / "requirements.txt").write_text(pinned)
    locked, _ = resolve(bench, WANTED)
    assert (locked.version("kombu"), locked.version("redis")) == ("5.2.4", "3.5.3")
    assert Version(locked.version("markupsafe")) < Version("2.1") and "kombu 5.2.4 is taken" in said(bench)
    (bench.tree / "requirements.txt").write_text(pinned + "kombu==5.3.7\n")
    locked, _ = resolve(bench, WANTED)  # its owner's word stays
    assert (locked.version("kombu"), locked.version("redis")) == ("5.3.7", "3.5.3")


def test_what_is_taken_from_git_to_be_edited_is_taken_as_any_other(bench: Bench) -> None:
    """As pip freeze writes what was once installed so."""
    git = "git+https://git.invalid/x.git"
    (bench.tree / "requirements.txt").write_text(f"Django>=4.2,<5\n-e {git}#egg=x\n  --editable={git}@1#egg=y\n")
    with pytest.raises(UserError) as caught:
        resolve(bench, WANTED)
    assert caught.value.id == "build.git-requirement" and "-e is passed over" in said(bench)


def test_a_package_that_only_newer_setuptools_can_build_is_built_beside_one_for_old_ones(bench: Bench) -> None:
    for name, file, text in (
        (
            "old",
            "setup.py",
            "from setuptools import convert_path, setup\nsetup(name='old', version='1', py_modules=[])\n",
        ),
        (
            "new",
            "pyproject.toml",
            "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
            "[project]\nname = 'new'\nversion = '1'\n[tool.setuptools]\npy-modules = []\n",
        ),
    ):
        (bench.tree / name).mkdir()
        (bench.tree / name / file).write_text(text)
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n./old\n./new\n")
    locked, _ = resolve(bench, WANTED)
    assert locked.built == ("new", "old")


def test_an_archive_that_uv_can_not_unpack_is_built_by_pip(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\nPyPDF2==1.26.0\n")
    locked, wheels = resolve(bench, WANTED)
    assert locked.version("pypdf2") == "1.26.0" and list(wheels.glob("[Pp]y[Pp][Dd][Ff]2-1.26.0-*.whl"))
    assert "pypdf2==1.26.0 is of old times" in said(bench)


def test_a_release_of_which_there_is_only_a_bz2_is_built_by_pip_from_an_index_without_tls(
    bench: Bench, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "index/simple/of-old-times"
    page.mkdir(parents=True)
    with tarfile.open(page / "Of.Old_Times-1.0.tar.bz2", "w:bz2") as archive:
        text = b"from setuptools import setup\nsetup(name='of-old-times', version='1.0', py_modules=[])\n"
        member = tarfile.TarInfo("Of.Old_Times-1.0/setup.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=page.parent.parent)) as own:
        threading.Thread(target=own.serve_forever, daemon=True).start()
        monkeypatch.setenv("UV_INDEX", f"http://localhost:{own.server_port}/simple/")
        bench = replace(bench, indexes=of_this_host(), sandbox=make(home=home))
        (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\nof-old-times==1.0\n")
        locked, wheels = resolve(bench, WANTED)
        own.shutdown()
    assert locked.built == ("of-old-times",)
    assert locked.version("of-old-times") == "1.0" and list(wheels.glob("of_old_times-1.0-*.whl"))


def test_what_lacks_a_library_of_this_host_is_left_out_aloud_and_the_rest_is_built(bench: Bench) -> None:
    """Where the host has it, the package is built."""
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\npython-ldap==3.4.5\npsycopg[c]==3.2.13\n")
    locked, _ = resolve(bench, WANTED)
    assert [*locked.built, *(name for name, _ in locked.left_out)] == ["python-ldap"]
    assert all(library.endswith(".h") for _, library in locked.left_out)
    assert ("python-ldap is left out: it needs" in said(bench)) == bool(locked.left_out)
    assert locked.version("psycopg-binary") == "3.2.13" and not locked.version("psycopg-c")


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ("no_such-thing-anywhere>=1", "build.package-not-found"),
        ("thing @ git+https://127.0.0.1:1/x/thing.git@main", "build.git-requirement"),
    ],
)
def test_what_can_not_be_had_is_told_with_the_line_that_asks_for_it(bench: Bench, line: str, id: str) -> None:
    (bench.tree / "requirements.txt").write_text(f"Django>=4.2,<5\n# below\n{line}\n")
    with pytest.raises(UserError) as told:
        resolve(bench, WANTED)
    assert (told.value.id, told.value.where) == (id, f"requirements.txt:3  {line}")
    assert str(bench.work) not in told.value.brief


def test_what_pip_passes_over_and_what_can_not_be_had_any_more_gives_way_aloud(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("-r base.txt\nDjango==4.2.999  # never was\n")
    (bench.tree / "base.txt").write_text("sqlparse==0.3.0\npytz==2024.1 --no-binary pytz\n")
    locked, _ = resolve(bench, WANTED)
    assert (locked.version("sqlparse"), locked.version("pytz")) == ("0.3.1", "2024.1")
    assert locked.version("django").startswith("4.2.")
    assert "base.txt:2: --no-binary behind a requirement is passed over" in said(bench)
    assert "sqlparse==0.3.0 can't be had here: sqlparse>=0.3.0,==0.3.* is asked for instead" in said(bench)


def test_a_lock_that_contradicts_itself_is_taken_as_it_is_and_it_is_said(bench: Bench) -> None:
    pins = ("django==4.2.1", "asgiref==3.2.1", "sqlparse==0.5.0")
    locked, _ = resolve(bench, Wanted(installer="pipenv", files=("Pipfile",), packages=pins, whole_lock=True))
    assert [f"{one.name}=={one.version}" for one in locked.project] == sorted(pins)
    assert "the lock contradicts itself" in said(bench)


def test_another_python_is_taken_where_the_chosen_one_can_not_have_what_is_asked_for(bench: Bench) -> None:
    bench = replace(bench, python=of("3.9.1"))
    others = [of(version) for version in ("3.13.0", "3.12.1", "3.8.18")]

    def resolved(one: Bench) -> str:
        if one.python.series < Version("3.10"):
            raise UserError(
                "python.none-fits", where="a.in:1", needs="x is not", here=one.python.version, pythons=">=3.10"
            )
        return str(one.python.version)

    assert first_that_fits(bench, others, resolved)[1] == "3.12.1"
    assert "here is 3.9.1. Python 3.12.1 is tried instead." in said(bench)
    with pytest.raises(UserError, match=r"here is 3\.9\.1, 3\.8\.18") as told:
        first_that_fits(bench, others[-1:], resolved)
    assert told.value.where == "a.in:1"


def of(version: str) -> Interpreter:
    return Interpreter(version=Version(version), path=Path(f"/opt/{version}/bin/python3"))


def test_whether_a_release_has_a_wheel_is_asked_of_the_index(bench: Bench) -> None:
    bench.lay()
    assert has_wheel(bench, "lxml==4.6.1", of("3.9.18")) and not has_wheel(bench, "lxml==4.6.1", of("3.12.1"))


def test_what_no_file_declares_is_as_old_as_the_last_commit_and_else_the_newest(bench: Bench) -> None:
    wanted = Wanted(installer="none", files=(), packages=("django", "pytz"), django="==4.2.*", as_of="2023-05-02")
    locked, _ = resolve(bench, wanted)
    assert (locked.version("django"), locked.version("pytz")) == ("4.2", "2023.3")
    again, _ = resolve(bench, replace(wanted, as_of="2024-01-01"))
    assert again == locked  # a later commit keeps what was found
    newest, _ = resolve(bench, replace(wanted, packages=("django", "tzdata"), as_of="2010-01-01"))
    assert newest.version("django") > "4.2.20"


def test_an_extension_finds_the_library_of_the_python_that_it_is_built_for(bench: Bench) -> None:
    (bench.tree / "own").mkdir()
    (bench.tree / "own/setup.py").write_text(
        "import os\nfrom setuptools import setup\n"
        "assert os.path.samefile(os.environ['LIBRARY_PATH'], os.path.join(os.path.dirname(os.__file__), '..'))\n"
        "setup(name='own', version='1', py_modules=[])\n"
    )
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n./own\n")
    locked, _ = resolve(bench, WANTED)
    assert locked.built == ("own",)
