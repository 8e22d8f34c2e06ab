"""Front ends: built in the real sandbox by the host's own Node, or one that is brought; ours need no packages."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dz.errors import UserError
from dz.log import Secret
from dz.names import AppId
from dz.seams.sandbox import Sandbox
from dz.seams.sandbox.ladder import make
from dz.settings import WorkerSettings
from dz.tasklib.build.desk import Build
from dz.tasklib.build.front_end import FrontEnds, with_front_ends
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.context import Context, Seams
from dz.tasklib.folders import Folders
from tests.contract.test_dependencies import Said
from tests.repositories import write_tree

MAKES = "const fs = require('fs'); fs.mkdirSync('../shop/static/dist', { recursive: true });\n"
MAKES += "fs.writeFileSync('../shop/static/dist/app.js', `${process.env.VITE_TITLE} ${process.env.SECRET}`);\n"
FILES = {
    "shop/views.py": "one = 1\n",
    "shop/static/logo.svg": "<svg/>",
    "web/package.json": json.dumps({"scripts": {"build": "node build.js"}}),
    "web/build.js": MAKES,
}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="dzfront-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


class Bench:
    """One project's builds on one host. ``live``: the manifest of what visitors see."""

    def __init__(self, home: Path, sandbox: Sandbox, number: int) -> None:
        self.home, self.log, self.sandbox = home, Said(), sandbox
        self.live: dict[str, Any] | None = None
        self.project: Any = SimpleNamespace(app_id=AppId.of(number))

    def build(self, files: dict[str, str], *, commit: str = "a") -> Build:
        door: Any = SimpleNamespace(live_build=lambda: self.live and (None, SimpleNamespace(manifest=self.live)))
        settings = WorkerSettings(
            home=self.home, zoomdb_url="", keys_file=self.home, role="build", instance_id="build-1"
        )
        context = Context(
            job_id=1, step_id=1, attempt=1, step="build_bundle", params={}, results={}, door=door, log=self.log,
            settings=settings, seams=Seams(sandbox=self.sandbox), until=time.monotonic() + 100,
            stop=lambda: False,
        )  # fmt: skip
        release: Any = SimpleNamespace(
            commit=commit, environment={"VITE_TITLE": Secret("shop"), "SECRET": Secret("of-the-project")}
        )
        tree = write_tree(self.home / f"{self.project.app_id}-{commit}", files)
        return Build(
            ctx=context, project=self.project, release=release, config=BuildConfig(front_ends=("web",)), tree=tree,
            folders=Folders(self.home), packer=ThreadPoolExecutor(1),
        )  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(home: Path) -> Sandbox:
    return make(home=home)


@pytest.fixture
def bench(home: Path, sandbox: Sandbox, request: pytest.FixtureRequest) -> Bench:
    return Bench(home, sandbox, 1 + zlib.crc32(f"{home} {request.node.name}".encode()) % 9_000_000)


def test_a_front_end_lies_beside_the_code_and_is_built_once_for_the_same_sources(bench: Bench) -> None:
    build = with_front_ends(before := bench.build(FILES))
    app = build.tree / "shop/static/dist/app.js"
    assert app.read_text() == "shop undefined"  # what bundlers write into pages it sees, no secret
    assert (build.tree / "shop/static/logo.svg").read_text() == "<svg/>"
    assert not (before.tree / "shop/static/dist").exists()

    code = with_front_ends(bench.build(FILES | {"shop/views.py": "two = 2\n"}, commit="b"))
    assert "front end unchanged" in bench.log.text
    assert code.front_end == build.front_end and code.code != build.code
    assert (code.tree / "shop/views.py").read_text() == "two = 2\n"
    assert (code.tree / "shop/static/dist/app.js").exists()


def test_one_of_times_when_node_had_other_hash_functions_is_built_with_those(bench: Bench) -> None:
    """As webpack before 5, and so every older create-react-app and vue-cli, begins."""
    old = "require('crypto').createHash('md4').update('').digest('hex');\n" + MAKES
    build = with_front_ends(bench.build(FILES | {"web/build.js": old}))
    assert not build.incomplete, bench.log.text
    assert (build.tree / "shop/static/dist/app.js").exists() and "Node 16 or before" in bench.log.text


def test_where_no_script_is_called_build_those_that_build_by_their_names_are_run(bench: Bench) -> None:
    endless = {"build:watch": "node endless.js", "build:css": "node endless.js --watch"}
    scripts = json.dumps({"scripts": {"start": "node endless.js", "js:build": "node build.js", **endless}})
    build = with_front_ends(bench.build(FILES | {"web/package.json": scripts}))
    assert (build.tree / "shop/static/dist/app.js").exists(), bench.log.text


def test_packages_that_django_serves_are_installed_and_what_it_serves_of_them_is_kept(bench: Bench) -> None:
    installs = "const fs = require('fs');\nfor (const name of ['pack/dist', 'rest']) {\n"
    installs += "fs.mkdirSync(`node_modules/${name}`, { recursive: true });\n"
    installs += "fs.writeFileSync(`node_modules/${name}/a.css`, 'p {}');\n}\n"
    package = json.dumps({"scripts": {"postinstall": "node installs.js"}})
    before = bench.build(FILES | {"web/package.json": package, "web/installs.js": installs})
    build = with_front_ends(replace(before, config=BuildConfig(front_ends=("web/node_modules/pack/dist",))))
    assert not build.incomplete, bench.log.text
    assert (build.tree / "web/node_modules/pack/dist/a.css").read_text() == "p {}"
    assert not (build.tree / "web/node_modules/rest").exists()


def test_a_folder_is_one_of_packages_by_its_whole_name() -> None:
    served = ("my_node_modules/web/node_modules/x/node_modules/y", "node_modules/x", "my_node_modules/app")
    assert FrontEnds.of(served).packages == {"my_node_modules/web": False, ".": False, "my_node_modules/app": True}


def test_what_cannot_be_installed_is_told_of_the_folder_that_asks_for_it(bench: Bench) -> None:
    package = json.dumps({"scripts": {"postinstall": "node installs.js"}})
    before = bench.build(FILES | {"web/package.json": package, "web/installs.js": "throw new Error('no such pack')"})
    with_front_ends(replace(before, config=BuildConfig(front_ends=("web/node_modules/pack/dist",))))
    assert "The packages of web that Django serves from node_modules could not be installed" in bench.log.text


def test_what_is_made_anew_of_the_same_sources_is_other_code(bench: Bench) -> None:
    """The app layer of before must not meet the static files of now."""
    files = FILES | {"web/build.js": MAKES.replace("process.env.SECRET", "process.hrtime.bigint()")}
    one = with_front_ends(build := bench.build(files))
    again = with_front_ends(build)
    other = with_front_ends(replace(build, ctx=replace(build.ctx, params={"rebuild": True})))
    assert one.code == again.code != other.code


def test_what_cannot_be_built_is_a_warning_until_visitors_have_a_front_end(bench: Bench) -> None:
    broken = FILES | {"web/build.js": "throw new Error('no such colour')\n"}
    build = with_front_ends(bench.build(broken))
    assert "no such colour. The site goes on without it." in bench.log.text
    assert build.incomplete and not (build.tree / "shop/static/dist").exists()
    bench.live = {"front_end": "one"}
    with pytest.raises(UserError, match=r"web could not be built: .*no such colour"):
        with_front_ends(bench.build(broken))


def test_what_a_build_left_running_does_not_lead_us_out_of_the_next_ones_box(bench: Bench, tmp_path: Path) -> None:
    """Links where we make folders and copy the code to; its downloads stay, its home does not."""
    leaves = (
        "fs.mkdirSync(process.env.npm_config_cache + '/kept'); fs.symlinkSync('/nowhere', process.env.HOME + '/x');"
    )
    with_front_ends(bench.build(FILES | {"web/build.js": MAKES + leaves}))
    box = Folders(bench.home).build(bench.project.app_id) / "front/box"
    assert [one.name for one in box.iterdir()] == ["cache"] and (box / "cache/kept").is_dir()
    (box / "home").symlink_to("/nowhere")
    (box / "src").symlink_to(tmp_path)
    build = with_front_ends(bench.build(FILES | {"web/more.css": ""}, commit="b"))
    assert (build.tree / "shop/static/dist/app.js").exists() and not any(tmp_path.iterdir())
    assert (box / "cache/kept").is_dir()
