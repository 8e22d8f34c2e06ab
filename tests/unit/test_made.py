"""What a build left is taken and laid over a checkout, and no link of the project's leads us anywhere."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
from pathlib import Path

import pytest

from dz.errors import UserError
from dz.tasklib.build import made
from dz.tasklib.build.front_end import reason
from dz.tasklib.build.made import key_of, overlaid, taken
from dz.tasklib.build.node import Asked, Node, answered, by_itself, commands, suits
from dz.tasklib.folders import clear, put
from tests.repositories import write_tree
from tests.unit.test_folders import deep

NODE = Node(folder=Path("/usr/bin"), version="v20.20.2")
FILES = {"shop/views.py": "one = 1\n", "shop/base.html": "<b class=red>", "web/package.json": "{}"}


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"shop/views.py": "two = 2\n"}, True),
        ({"shop/base.html": "<b class=blue>"}, False),  # its styles may be made for the classes that templates name
        ({"web/package-lock.json": "{}"}, False),
        ({"web/.yarn/patches/a.patch": "+1"}, False),
    ],
)
def test_a_front_end_is_made_anew_when_what_it_may_read_changed(
    more: dict[str, str], same: bool, tmp_path: Path
) -> None:
    one, other = write_tree(tmp_path / "one", FILES), write_tree(tmp_path / "other", FILES | more)
    assert (key_of(one, ["web"]) == key_of(other, ["web"])) is same


@pytest.mark.parametrize(
    "says",
    [
        {"web/tailwind.config.js": "module.exports = { content: ['../**/*.py'] }"},
        {"web/site.config.js": "module.exports = { content: ['../**/*.{html,py}'] }"},
        {"web/site.css": '@source "../**/*.py";'},
        {"web/package.json": '{"devDependencies": {"@tailwindcss/vite": "4"}}'},
    ],
)
def test_python_counts_where_the_front_end_says_that_it_reads_it(says: dict[str, str], tmp_path: Path) -> None:
    speaks = FILES | says
    one = write_tree(tmp_path / "one", speaks)
    other = write_tree(tmp_path / "other", speaks | {"shop/views.py": "two = 2\n"})
    assert key_of(one, ["web"]) != key_of(other, ["web"])


def test_a_style_as_large_as_a_repository_is_not_read_into_memory(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", FILES)
    with (tree / "huge.css").open("wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    try:
        key_of(tree, ["."])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("served", "found"),
    [
        ((), {"out.js"}),
        (
            ("web/node_modules/pack",),
            {"out.js", "web/node_modules/pack/a.css", "web/node_modules/pack/node_modules/b.css"},
        ),
        (("web/node_modules/pack/node_modules",), {"out.js", "web/node_modules/pack/node_modules/b.css"}),
    ],
)
def test_of_packages_only_what_django_is_to_serve_is_kept(
    served: tuple[str, ...], found: set[str], tmp_path: Path
) -> None:
    tree = write_tree(tmp_path / "tree", {})
    packages = ("package.json", "pack/a.css", "pack/node_modules/b.css", "other/c.css", "packed/d.css")
    built = write_tree(tmp_path / "built", {"out.js": ""} | {f"web/node_modules/{name}": "" for name in packages})
    kept = taken(built, tree, tmp_path / "made", served=served)
    assert {str(one.relative_to(kept)) for one in kept.rglob("*") if one.is_file()} == found


def test_python_that_the_build_changed_is_not_kept_for_later_commits(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", FILES)
    built = write_tree(tmp_path / "built", FILES | {"shop/views.py": "stamped = 1\n", "shop/made.py": "", "out.js": ""})
    found = taken(built, tree, tmp_path / "made")
    assert {one.name for one in found.rglob("*") if one.is_file()} == {"made.py", "out.js", "base.html", "package.json"}


def test_nothing_is_written_outside_of_what_we_made(tmp_path: Path) -> None:
    """The repository has links where its build leaves a folder and a file, and leaves links itself."""
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = write_tree(tmp_path / "tree", FILES)
    (tree / "out").symlink_to(outside)
    (tree / "app.js").symlink_to(outside / "app.js")
    built = tmp_path / "built"
    shutil.copytree(tree, built, symlinks=True)
    for name in ("out", "app.js"):
        (built / name).unlink()
    write_tree(built, {"out/planted": "x", "app.js": "x", "node_modules/a/index.js": "x"})
    (built / "passwd").symlink_to("/etc/passwd")
    made = taken(built, tree, tmp_path / "made")
    assert sorted(str(one.relative_to(made)) for one in made.rglob("*")) == ["app.js", "out", "out/planted"]
    whole = overlaid(tree, made, tmp_path / "whole")
    assert (whole / "out/planted").read_text() == (whole / "app.js").read_text() == "x"
    assert not any(outside.iterdir()) and not os.path.lexists(whole / "passwd")
    assert (whole / "shop/views.py").samefile(tree / "shop/views.py")


def test_what_was_made_is_not_too_deep_and_not_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, built = write_tree(tmp_path / "tree", FILES), deep(tmp_path / "built", 1200)
    with pytest.raises(UserError, match="at most 100 folders within one another"):
        taken(built, tree, tmp_path / "made")
    clear(built)
    monkeypatch.setattr(made, "MOST_FILES", 2)
    with pytest.raises(UserError, match="at most 2 files"):
        taken(write_tree(built, {"a": "", "b": "", "c": ""}), tree, tmp_path / "made")


@pytest.mark.parametrize(
    ("manager", "locks", "berry", "install"),
    [
        ("", [], False, "npm install --no-audit --no-fund"),
        ("", ["package-lock.json"], False, "npm ci --no-audit --no-fund"),
        ("", ["yarn.lock"], False, "npm exec --yes --package=yarn@1 -- yarn install --frozen-lockfile"),
        ("", ["yarn.lock"], True, "npm exec --yes --package=@yarnpkg/cli-dist@4 -- yarn install --immutable"),
        ("yarn@4.5.0", [], False, "npm exec --yes --package=@yarnpkg/cli-dist@4.5.0 -- yarn install"),
        ("yarn@4-x", [], False, "npm exec --yes --package=@yarnpkg/cli-dist@4-x -- yarn install"),
        ("yarn@1.22.22", [], True, "npm exec --yes --package=yarn@1.22.22 -- yarn install"),
        ("pnpm@9.1.0", ["pnpm-lock.yaml", "yarn.lock"], False,
         "npm exec --yes --package=pnpm@9.1.0 -- pnpm install --frozen-lockfile"),
    ],
)  # fmt: skip
def test_a_folder_is_installed_by_the_manager_that_wrote_its_lock(
    manager: str, locks: list[str], berry: bool, install: str
) -> None:
    asked = Asked(manager=manager, locks=locks, berry=berry, node="", scripts=["build:css", "build:js"])
    first, builds = commands(NODE, asked)
    assert " ".join(first) == f"/usr/bin/{install}"
    assert [one[-2:] for one in builds] == [["run", "build:css"], ["run", "build:js"]]


def test_of_what_a_build_said_the_line_with_the_error_is_told() -> None:
    assert (
        reason("src.js:1\nthrow new Error('x')\n^\n\nError: no such colour\n    at a.js:1") == "Error: no such colour"
    )
    assert reason("> vite build\nerror during build:\nCould not resolve entry\n") == (
        "error during build: Could not resolve entry"
    )
    said = "npm error code ERESOLVE\nnpm error ERESOLVE could not resolve\nnpm error A complete log of this run"
    assert reason(said) == "npm error ERESOLVE could not resolve"


@pytest.mark.parametrize(
    ("wanted", "majors"),
    [
        ("", [18, 20, 22, 24]),
        ("lts/*", [18, 20, 22, 24]),
        (">=20 <22", [20]),
        ("^18 || ^20.1.0 || >=22", [18, 20, 22, 24]),
        ("20.x", [20]),
        ("v22.11.0\n", [22]),
        ("<=20", [18, 20]),
    ],
)
def test_a_folder_gets_a_node_that_it_asks_for(wanted: str, majors: list[int]) -> None:
    assert [one for one in (18, 20, 22, 24) if suits(one, wanted)] == majors


@pytest.mark.parametrize(("manager", "taken"), [("", True), ("yarn@4.5.0-rc.1", True), ("yarn@4\u0665", False)])
def test_a_package_manager_is_named_in_plain_letters_and_digits(manager: str, taken: bool) -> None:
    output = json.dumps({"manager": manager, "locks": [], "berry": False, "node": ""}).encode()
    assert (answered(output) is not None) is taken


RELEASE = {"bin/node": "", "bin/npm": "", "lib/node_modules/npm/bin/npm-cli.js": "", "LICENSE": ""}


@pytest.mark.parametrize(
    ("prefix", "more", "taken"),
    [
        (".nvm/versions/node/v22", {}, True),
        (".local", {}, False),
        (".local", {"share/djangozoom/keys": ""}, False),
        (".", {}, False),
        ("opt", {"another/key": ""}, False),  # unpacked among other things
        ("opt", {"lib/dz/keys": ""}, False),  # the platform's own folder is below it
    ],
)
def test_a_node_is_taken_where_nothing_else_is_around_it(
    prefix: str, more: dict[str, str], taken: bool, tmp_path: Path
) -> None:
    home = write_tree(tmp_path / "ada", {f"{prefix}/{name}": "" for name in (RELEASE | more)})
    found = by_itself(home / prefix / "bin/node", {home, home / "opt/lib/dz"})
    assert found == ((home / prefix / "bin").resolve() if taken else None)


def test_a_link_to_a_node_in_a_home_leads_to_where_it_is_installed(tmp_path: Path) -> None:
    node = write_tree(tmp_path / "node-v22", RELEASE) / "bin"
    link = write_tree(tmp_path / "ada/.local", {"bin/uv": ""}) / "bin/node"
    link.symlink_to(node / "node")
    assert by_itself(link, {tmp_path / "ada"}) == node


def test_of_two_builds_that_bring_a_node_at_once_both_have_it(tmp_path: Path) -> None:
    first, other = (write_tree(tmp_path / name, {"bin/node": name}) for name in ("node-22.1", "node-22.2"))
    put(first, tmp_path / "node-22")
    put(other, tmp_path / "node-22")
    assert [one.name for one in tmp_path.iterdir()] == ["node-22"]
    assert (tmp_path / "node-22/bin/node").read_text() == "node-22.1"
    with pytest.raises(OSError, match=r"node-22\.1"):
        put(first, tmp_path / "node-24")
