"""Dependencies: resolved and built in the real sandbox from the real index, installed outside, nothing of ours in reach."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dz.errors import UserError
from dz.names import AppId
from dz.seams.sandbox import Limits, Sandbox
from dz.seams.sandbox.indexes import of_this_host
from dz.seams.sandbox.ladder import make
from dz.tasklib.build.bench import Bench
from dz.tasklib.build.brought import brought
from dz.tasklib.build.installing import install
from dz.tasklib.build.interpreters import Interpreter, choose, find, readable_by_others
from dz.tasklib.build.locked import Locked
from dz.tasklib.build.resolve import inputs_key, resolve
from dz.tasklib.build.wanted import Wanted

WANTED = Wanted(installer="requirements", files=("requirements.txt",))


class Said:
    """A job's log that is kept in a list."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    @property
    def text(self) -> str:
        return b"".join(self.pieces).decode(errors="replace")

    def note(self, text: str, *, level: str = "info") -> None:
        self.pieces.append(text.encode())

    def output(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def begin(self, part: str) -> None: ...
    def end(self, part: str, seconds: float, *, ok: bool) -> None: ...
    def hide(self, name: str, secret: str) -> None: ...
    def title(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """As DZ_HOME is: other uids may pass, not look around."""
    folder = Path(tempfile.mkdtemp(prefix="dzdep-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def sandbox(home: Path) -> Sandbox:
    return make(home=home)


@pytest.fixture(scope="module")
def python(home: Path) -> Interpreter:
    found = find([], home / "cache/pythons.json")
    within = [one for one in found if readable_by_others(one.path)] or found
    return choose(within, django="4.2").interpreter


@pytest.fixture
def bench(home: Path, sandbox: Sandbox, python: Interpreter, tmp_path: Path) -> Bench:
    number = 1 + zlib.crc32(os.fsencode(tmp_path)) % 9_000_000
    tree = tmp_path / "tree"
    tree.mkdir()
    return Bench(
        sandbox=sandbox,
        app_id=AppId.of(number),
        tree=tree,
        home=home,
        work=home / f"build/{AppId.of(number)}/deps",
        python=python,
        indexes=of_this_host(),
        log=Said(),
        left=lambda at_most: min(at_most, 200.0),
        stop=lambda: False,
    )


@pytest.fixture
def installed(home: Path, bench: Bench) -> Callable[[Locked, Path, str], Path]:
    def make_env(locked: Locked, wheels: Path, name: str) -> Path:
        env = home / f"layers/{bench.app_id}/{name}"
        env.parent.mkdir(parents=True, exist_ok=True)
        install(bench, locked, wheels, env)
        return env

    return make_env


def said(bench: Bench) -> str:
    assert isinstance(bench.log, Said)
    return bench.log.text


def test_an_old_package_that_imports_pkg_resources_finds_it(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\ngunicorn==20.1.0\n")
    locked, _ = resolve(bench, WANTED)
    assert int(locked.version("setuptools").split(".")[0]) < 81


def test_a_project_that_asks_for_a_newer_setuptools_gets_it(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\nsetuptools>=81\n")
    locked, _ = resolve(bench, WANTED)
    assert int(locked.version("setuptools").split(".")[0]) >= 81


def test_requirements_become_an_environment_and_a_second_one_is_linked_from_the_cache(
    bench: Bench, installed: Callable[[Locked, Path, str], Path]
) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\npsycopg2==2.9.9\n")
    (bench.tree / "views.py").write_text("one = 1\n")
    locked, wheels = resolve(bench, WANTED)
    assert locked.version("django").startswith("4.2.")
    assert locked.version("gunicorn") and locked.version("psycopg2-binary").startswith("2.9.")
    assert not locked.version("psycopg2") and not locked.built

    first, second = (installed(locked, wheels, name) for name in ("env-1", "env-2"))
    asked = "import django, psycopg2, gunicorn, pkg_resources, sys; print(sys.prefix)"
    answer = subprocess.run(
        [first / "bin/python", "-W", "ignore", "-I", "-c", asked], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(first)
    assert (first / "bin/django-admin").read_text().startswith(f"#!{first}/bin/python\n")
    modules = [next(env.glob("lib/python*/site-packages/django/__init__.py")) for env in (first, second)]
    assert os.path.samefile(*modules)
    byte_code = next(first.glob("lib/python*/site-packages/django/__pycache__/__init__.*.pyc"))
    assert byte_code.read_bytes()[4:8] == b"\x01\0\0\0"  # a hash that is never checked
    assert str(first).encode() not in byte_code.read_bytes()
    assert os.path.samefile(byte_code, second / byte_code.relative_to(first))  # compiled once
    file = modules[1].with_name("apps") / "config.py"
    origin = "import django.apps.config as c; print(c.__file__, c.AppConfig.__init__.__code__.co_filename)"
    answer = subprocess.run([second / "bin/python", "-I", "-c", origin], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(file)] * 2

    before = said(bench)
    (bench.tree / "views.py").write_text("one = 2\n")
    assert resolve(bench, WANTED)[0] == locked
    assert said(bench) == before  # uv was not even started: a change of the code is no change of versions
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<4.3\n")
    assert not resolve(bench, WANTED)[0].version("psycopg2-binary").startswith("2.")


def test_what_the_platform_adds_is_worked_out_once_a_day_for_every_project_that_it_fits(
    bench: Bench, tmp_path: Path
) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\nsetuptools<81\n")
    newest = resolve(bench, WANTED)[0].version("gunicorn")
    names = {
        kept: {its["name"] for its in json.loads(kept.read_text())} for kept in (bench.cache / "brought").iterdir()
    }
    wanted = {"gunicorn", "psycopg", "psycopg-binary", "typing-extensions"}
    [kept] = [kept for kept in names if wanted <= names[kept] and "setuptools" not in names[kept]]
    kept.write_text(kept.read_text().replace(f'"{newest}"', '"21.2.0"'))

    def of_another(number: int, more: str) -> Locked:
        other = replace(bench, app_id=AppId.of(number), work=bench.work.parent.parent / f"{AppId.of(number)}/deps")
        (bench.tree / "requirements.txt").write_text(f"Django>=4.2,<5\nsetuptools<81\n{more}")
        return resolve(other, WANTED)[0]

    assert of_another(9_000_001, "").version("gunicorn") == "21.2.0"
    pinned = of_another(9_000_002, "typing-extensions==4.6.0\n")
    assert pinned.version("gunicorn") == newest and pinned.version("typing-extensions") == "4.6.0"
    for number, at in ((9_000_003, 0), (9_000_004, 2**33)):  # the clock was ahead once
        kept.write_text(kept.read_text().replace(f'"{newest}"', '"21.2.0"'))
        os.utime(kept, (at, at))
        assert of_another(number, "").version("gunicorn") == newest


def test_an_index_that_is_too_slow_for_what_the_platform_adds_is_asked_once_more_where_it_is_told(bench: Bench) -> None:
    bench.uv()
    assert brought(replace(bench, left=lambda _: 0.0), ["gunicorn==23.0.0"], {}) is None


SETUP = """
import os, pathlib
from setuptools import setup
seen = ["uid %d" % os.getuid()]
for path in ({secret!r}, "/etc/shadow", {tree!r}):
    try:
        seen.append("read %s" % path if os.path.isdir(path) and os.listdir(path) or open(path).read() else path)
    except OSError as error:
        seen.append("no %s" % path)
pathlib.Path("mine.py").write_text("SEEN = %r" % seen)
setup(name="mine", version="1.5", py_modules=["mine"])
"""


def test_a_package_of_the_repository_is_built_inside_and_sees_nothing_of_the_host(
    bench: Bench, installed: Callable[[Locked, Path, str], Path], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Django==1.0 # the secret\n")
    secret.chmod(0o600)
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n-e .\n")
    (bench.tree / "setup.py").write_text(SETUP.format(secret=str(secret), tree=str(bench.tree)))
    locked, wheels = resolve(bench, WANTED)
    assert locked.built == ("mine",) and locked.version("mine") == "1.5"
    assert all(line.count("==") == 1 and " @ " not in line for line in locked.text().splitlines())
    env = installed(locked, wheels, "env")
    told = next(env.glob("lib/python*/site-packages/mine.py")).read_text()
    for path in (secret, "/etc/shadow", bench.tree):
        assert f"no {path}" in told
    if os.geteuid() == 0:
        assert f"uid {bench.sandbox.uid(bench.app_id)}" in told
    assert sorted(path.name for path in bench.tree.iterdir()) == ["requirements.txt", "setup.py"]
    assert not list(bench.work.glob("locks/*"))  # it changes with the code, so it is worked out every time


def test_a_link_as_requirements_leads_nowhere(bench: Bench, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("top-secret-line\n")
    (bench.tree / "requirements.txt").symlink_to(secret)
    with pytest.raises(UserError) as told:
        resolve(bench, WANTED)
    assert "top-secret-line" not in told.value.brief + said(bench)


def test_what_a_list_leads_to_is_not_read_to_learn_which_folders_count(bench: Bench, tmp_path: Path) -> None:
    """A link may lead to a file of the host's, or to one without an end."""
    (tmp_path / "theirs").write_text("-r static/more.txt\n")
    (bench.tree / "requirements.txt").symlink_to(tmp_path / "theirs")
    (bench.tree / "static").mkdir()
    keys = set()
    for text in ("one", "two"):
        (bench.tree / "static/more.txt").write_text(text)
        keys.add(inputs_key(bench, WANTED))
    assert len(keys) == 1


def test_a_build_script_that_takes_its_constraints_away_is_only_one_that_fails(bench: Bench) -> None:
    """Nothing that a project may have put there is read outside of the sandbox: it could be a pipe."""
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n-e .\n")
    (bench.tree / "setup.py").write_text(
        "import os\nos.unlink(os.environ['UV_BUILD_CONSTRAINT'])\nraise SystemExit('use_2to3 is invalid')\n"
    )
    with pytest.raises(UserError):
        resolve(bench, WANTED)


def test_a_line_that_the_repository_wrote_is_worked_out_inside(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n")
    locked, _ = resolve(bench, replace(WANTED, added=("idna<3.7",)))
    assert locked.version("idna") == "3.6"
    assert not [kept for kept in bench.cache.glob("brought/*") if "idna" in kept.read_text()]


def test_settings_of_uv_in_the_repository_decide_nothing(bench: Bench, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        ours.setblocking(False)
        url = f"http://127.0.0.1:{ours.getsockname()[1]}/simple"
        settings = f'index-url = "{url}"\nextra-index-url = ["{url}"]\ncache-dir = "{tmp_path}/cache"\n'
        (bench.tree / "pyproject.toml").write_text(f'[project]\nname = "mine"\nversion = "1"\n[tool.uv]\n{settings}')
        (bench.tree / "uv.toml").write_text(settings)
        (bench.tree / "requirements.txt").write_text("Django>=4.2,<5\n")
        assert resolve(bench, WANTED)[0].version("django").startswith("4.2.")
        with pytest.raises(BlockingIOError):
            ours.accept()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "requirements, id, words",
    [
        (
            "Django==4.2.1\nasgiref==3.2.1\n",
            "build.requirements-conflict",
            "django==4.2.1 needs asgiref>=3.6.0,<4, and asgiref==3.2.1 is asked for."
            " (requirements.txt:2  asgiref==3.2.1 and requirements.txt:1  Django==4.2.1)",
        ),
        ("Django==4.99.1\n", "build.version-not-found", "django==4.99.1"),
        ("sqlparse==0.5.0\n", "build.django-missing", "requirements.txt"),
        ("-r missing.txt\n", "build.requirements-missing", "missing.txt"),
        ("Django=4\n", "build.requirements-syntax", "requirements.txt"),
    ],
)
def test_requirements_that_cannot_be_are_told_in_one_sentence(
    bench: Bench, requirements: str, id: str, words: str
) -> None:
    (bench.tree / "requirements.txt").write_text(requirements)
    with pytest.raises(UserError) as told:
        resolve(bench, WANTED)
    assert told.value.id == id and words in f"{told.value.brief} ({told.value.where})"
    assert str(bench.work) not in told.value.brief


def test_what_turned_out_to_be_missing_is_added_and_fits_what_the_project_pins(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django==4.2.16\nsqlparse==0.5.0\n")
    locked, _ = resolve(
        bench, Wanted(installer="requirements", files=("requirements.txt",), added=("django-debug-toolbar",))
    )
    assert locked.version("django") == "4.2.16" and locked.version("sqlparse") == "0.5.0"
    assert "django-debug-toolbar" in {one.name for one in locked.platform}


def test_a_pinned_driver_without_a_wheel_gives_way_to_one_that_has_one_and_it_is_said(bench: Bench) -> None:
    (bench.tree / "requirements.txt").write_text("Django==4.2.16\npsycopg2-binary==2.7.7\n")
    locked, _ = resolve(bench, WANTED)
    assert locked.version("psycopg2-binary").startswith("2.9") and not locked.built
    assert "another version of it is taken" in said(bench)


def test_a_driver_whose_wheel_is_too_old_for_this_server_gives_way_to_its_like(bench: Bench, home: Path) -> None:
    """psycopg2 had wheels of its own until 2.8; both are one module, of which one would hide the other."""
    old = [one for one in find([], home / "cache/pythons.json") if one.version.minor == 6]
    if not old:
        pytest.skip("there is no Python 3.6 here, and those wheels are for no newer one")
    (bench.tree / "requirements.txt").write_text("Django==1.11.29\npsycopg2==2.7.3.1\n")
    locked, _ = resolve(replace(bench, python=old[0]), WANTED)
    assert (locked.version("psycopg2"), locked.version("psycopg2-binary")) == ("", "2.7.7")


def test_versions_of_a_lock_bound_what_the_project_asks_for_and_one_that_does_not_fit_is_left_out(bench: Bench) -> None:
    project = "[tool.poetry]\nname = 'x'\nversion = '1'\n[project]\nname = 'x'\nversion = '1'\ndependencies = ['django>=4.2,<5']\n"
    (bench.tree / "pyproject.toml").write_text(project)
    wanted = Wanted(installer="poetry", files=("pyproject.toml",), pins=("django==4.2.11", "black==24.1.0"))
    locked, _ = resolve(bench, wanted)
    assert locked.version("django") == "4.2.11" and not locked.version("black")
    (bench.tree / "pyproject.toml").write_text(project.replace("<5'", "<5', 'gunicorn==20.1.0'"))
    locked, _ = resolve(bench, wanted)
    assert int(locked.version("setuptools").split(".")[0]) < 81
    other, _ = resolve(bench, replace(wanted, pins=("django==3.2.1",)))
    assert other.version("django").startswith("4.2.") and "it was left out" in said(bench)


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("", "1", "no name of a package"),
        ("My new site", "1", "no name of a package"),
        ("Müllers *Laden*", "1", "no name of a package"),
        ("", "", "no name of a package"),  # as PDM begins one that is no package
        ("site", "", "no version"),
    ],
)
def test_a_name_that_no_package_may_have_is_passed_over(bench: Bench, name: str, version: str, told: str) -> None:
    """Poetry takes any where it makes no package, and so did uv."""
    (bench.tree / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = ["django==4.2.11"]\n'
    )
    locked, _ = resolve(bench, Wanted(installer="poetry", files=("pyproject.toml",)))
    assert locked.version("django") == "4.2.11" and told in said(bench)


@pytest.mark.parametrize("named", ["", 'name = "Our site"\nversion = "1"\ndescription = ""\nauthors = []\n'])
def test_an_application_that_poetry_makes_no_package_of_tells_what_it_needs(bench: Bench, named: str) -> None:
    poetry = (
        f"[tool.poetry]\n{named}package-mode = false\n[tool.poetry.dependencies]\npython = '>=3.8'\ndjango = '4.2.11'\n"
    )
    system = "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n"
    (bench.tree / "pyproject.toml").write_text(poetry + system)
    locked, _ = resolve(bench, Wanted(installer="poetry", files=("pyproject.toml",)))
    assert locked.version("django") == "4.2.11"


def test_groups_and_extras_that_are_wanted_are_installed_with_the_rest(bench: Bench) -> None:
    groups = '[dependency-groups]\nmain = ["Django==4.2.16"]\nlive = ["idna==3.7"]\ndev = ["sqlparse==0.4.4"]\n'
    (bench.tree / "pyproject.toml").write_text(groups)
    wanted = Wanted(installer="groups", files=("pyproject.toml",), extras=(("group", "main"), ("group", "live")))
    locked, _ = resolve(bench, wanted)
    assert (locked.version("django"), locked.version("idna")) == ("4.2.16", "3.7")
    assert locked.version("sqlparse") != "0.4.4"

    project = '[project]\nname = "own"\nversion = "1"\ndependencies = ["Django==4.2.15"]\n'
    spare = '[project.optional-dependencies]\nspare = ["certifi==2024.2.2"]\n'
    (bench.tree / "pyproject.toml").write_text(f"{project}{spare}{groups.replace('4.2.16', '4.2.15')}")
    both = (("group", "live"), ("extra", "spare"))
    locked, _ = resolve(bench, replace(wanted, installer="setup", extras=both))
    versions = [locked.version(name) for name in ("django", "idna", "certifi")]
    assert versions == ["4.2.15", "3.7", "2024.2.2"]


def test_uv_may_map_more_than_it_may_have_in_memory(bench: Bench) -> None:
    bench.lay()
    space, data = (int(bench.inside(["sh", "-c", f"ulimit -{kind}"])[0].text) * 1024 for kind in "vd")
    assert data == Limits().memory and space - data >= 4 * 1024**3
