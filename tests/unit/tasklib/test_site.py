"""What a site's processes are given, and its folder on the appserver."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.log import Secret
from dz.names import AppId, Commit, Digest, HostName, InstanceId
from dz.run import check
from dz.seams.dbserver import Database
from dz.seams.sandbox import Box, Network
from dz.tasklib import unsynced
from dz.tasklib.appserver.site import Place, Site, lay, program
from dz.tasklib.build.layers import pack
from dz.tasklib.folders import Folders
from dz.tasklib.guestbox import public_url
from dz.tasklib.guestcopy import compile_guest, guest_folder
from dz.tasklib.locks import at_once, locked
from dz.tasklib.records import Bundle, Deployment, Layer, Release, Running

APP = AppId.of(42)
COMMIT = Commit("a" * 40)


def layer(kind: str) -> Layer:
    return Layer(kind=kind, key=kind[0] * 64, digest=Digest("0" * 64), size=1)


def site(home: Path, environment: dict[str, Secret] | None = None, reads: tuple[str, ...] = ()) -> Site:
    manifest = {"project_root": "src", "settings_module": "shop.settings", "python": "3.12.1"}
    manifest |= {"reads": list(reads), "hooks": ["migrate"]}
    running = Running(
        deployment=Deployment(
            id=1,
            app_id=APP,
            release=3,
            process="web.1",
            host=InstanceId("app-1"),
            address="127.0.0.1",
            port=21000,
            state="wanted",
        ),
        bundle=Bundle(
            id=1,
            app_id=APP,
            commit=COMMIT,
            platform="linux",
            layers=(layer("env"), layer("app"), layer("static")),
            manifest=manifest,
        ),
        release=Release(
            app_id=APP,
            number=3,
            state="building",
            commit=COMMIT,
            build_config="",
            bundle_id=1,
            environment=environment or {},
        ),
        database=Database(
            server=InstanceId("db-1"), address="/tmp/pg", port=5432, name=APP, role=APP, password=Secret("pw")
        ),
        secret_key=Secret("s" * 50),
        hostnames=(HostName("shop.localhost"),),
    )
    place = Place(folders=Folders(home), guest=home / "guest/x", scheme="http", port=8800)
    return Site(running=running, place=place)


def packed(given: Site) -> None:
    """Its app layer, as it lies on the host: of files that nobody may write."""
    tree = given.place.folders.home / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / "src/manage.py").write_text("x")
    (tree / "src/manage.py").chmod(0o444)
    given.packed.parent.mkdir(parents=True, exist_ok=True)
    made = pack(tree, kind="app", key="a" * 64, into=tree.parent)
    (tree.parent / f"{made.digest}.tar.zst").rename(given.packed)


class NoSandbox:
    rung = "none"

    def __init__(self) -> None:
        self.env: dict[str, str] = {}

    def site(self, box: Box, **_: object) -> tuple[str, ...]:
        self.env = dict(box.env)
        return ()

    def own(self, folder: Path, app_id: AppId) -> None:
        folder.chmod(0o700)


def test_the_projects_own_variables_win_over_filled_ones_and_nothing_over_the_platforms(tmp_path: Path) -> None:
    own = {"SECRET_KEY": Secret("mine"), "DZ_DATABASE_URL": Secret("postgres://elsewhere"), "STRIPE": Secret("sk")}
    given = site(tmp_path, own, reads=("SECRET_KEY", "DB_NAME")).box("serve").env
    assert given["SECRET_KEY"] == "mine"
    assert given["STRIPE"] == "sk"
    assert given["DB_NAME"] == APP
    assert given["DZ_DATABASE_URL"] == "postgres://p00000042:pw@/p00000042"
    assert given["DZ_RELEASE"] == "3"


def test_what_a_project_does_not_read_is_not_given(tmp_path: Path) -> None:
    assert "DATABASE_URL" not in site(tmp_path).box("serve").env


def test_a_site_whose_mail_server_is_missing_is_told_so_until_its_owner_named_one(tmp_path: Path) -> None:
    assert site(tmp_path, reads=("POST_AT@=localhost",)).box("serve").env["DZ_MAIL"] == "log"
    named = site(tmp_path, {"POST_AT": Secret("smtp.example.org")}, reads=("POST_AT@=localhost",)).box("serve").env
    assert named["POST_AT"] == "smtp.example.org" and "DZ_MAIL" not in named


def test_a_site_is_somebody_though_no_list_of_users_has_its_uid(tmp_path: Path) -> None:
    given = site(tmp_path).box("serve").env
    assert given["USER"] == given["LOGNAME"] == APP
    assert site(tmp_path, {"USER": Secret("ada")}, reads=("USER",)).box("serve").env["USER"] == "ada"


def test_a_site_sees_its_own_folder_its_volume_and_what_it_must_read(tmp_path: Path) -> None:
    box = site(tmp_path).box("serve")
    folders = Folders(tmp_path)
    assert box.network is Network.SITE
    assert box.writable == (folders.release(APP, 3), folders.volume(APP))
    assert set(box.read) == {
        folders.layer(APP, "env", "e" * 64),
        folders.layer(APP, "static", "s" * 64),
        tmp_path / "guest/x",
        Path("/tmp/pg"),
    }
    assert box.argv[0] == str(folders.layer(APP, "env", "e" * 64) / "bin/python")


def test_the_code_is_a_writable_copy_and_no_secret_lies_beside_it(tmp_path: Path) -> None:
    given = site(tmp_path, {"STRIPE": Secret("sk_live")})
    packed(given)
    lay(given, NoSandbox())  # type: ignore[arg-type]
    assert (given.root / "manage.py").stat().st_mode & 0o200
    spec = (given.folder / "guest.json").read_text()
    assert json.loads(spec)["project_root"] == str(given.root)
    assert "sk_live" not in spec
    assert "s" * 50 not in spec


def test_laying_it_twice_leaves_what_runs_alone(tmp_path: Path) -> None:
    given = site(tmp_path)
    packed(given)
    lay(given, NoSandbox())  # type: ignore[arg-type]
    (given.code / "upload").write_text("written by the site")
    lay(given, NoSandbox())  # type: ignore[arg-type]
    assert (given.code / "upload").exists()


def test_code_that_is_damaged_on_this_disk_is_fetched_again_by_the_next_try(tmp_path: Path) -> None:
    given = site(tmp_path)
    packed(given)
    given.packed.write_bytes(given.packed.read_bytes()[:-20])
    with pytest.raises(PlatformError, match="can't be read"):
        lay(given, NoSandbox())  # type: ignore[arg-type]
    assert not given.packed.exists() and not given.folder.exists()


def test_the_port_is_said_only_where_it_is_not_the_schemes_own(tmp_path: Path) -> None:
    place = site(tmp_path).place
    assert place.host_header("shop.localhost") == "shop.localhost:8800"
    https = Place(folders=place.folders, guest=place.guest, scheme="https", port=443)
    assert https.url("shop.org") == "https://shop.org"
    assert public_url("http", 80, "shop.org") == "http://shop.org"
    assert public_url("http", 443, "shop.org") == "http://shop.org:443"


def test_the_guest_is_copied_once_per_version_where_all_can_read_it(tmp_path: Path) -> None:
    folder = guest_folder(tmp_path)
    assert folder == guest_folder(tmp_path)
    assert (folder / "main.py").stat().st_mode & 0o004
    assert folder.stat().st_mode & 0o005 == 0o005


def test_the_guests_byte_code_is_made_once_for_each_python_where_no_project_can_write(tmp_path: Path) -> None:
    python, env = platform.python_version(), tmp_path / "env"
    (env / "bin").mkdir(parents=True)
    (env / "bin/python").symlink_to(sys.executable)
    guest = guest_folder(tmp_path)
    package = guest / "dz_guest"
    compile_guest(tmp_path, guest, env, python)
    made = {one: one.stat().st_mtime_ns for one in (package / "__pycache__").iterdir()}
    assert len(made) == len([*package.glob("*.py")])
    compile_guest(tmp_path, guest, env, python)
    assert {one: one.stat().st_mtime_ns for one in (package / "__pycache__").iterdir()} == made
    words = [sys.executable, "-v", "-c", "import dz_guest.spec"]
    told = check(words, deadline=60, env={"PYTHONPATH": str(guest)}).text
    assert f"matches {package}/spec.py" in told


def test_a_guest_that_a_power_cut_may_have_left_half_written_is_copied_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = guest_folder(tmp_path)
    (folder / "main.py").write_text("")
    monkeypatch.setattr(unsynced, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").write_text("another")
    assert (guest_folder(tmp_path) / "main.py").stat().st_size


def test_a_guest_that_one_who_was_killed_had_begun_is_no_hindrance(tmp_path: Path) -> None:
    folder = guest_folder(tmp_path)
    folder.rename(folder.with_name(f"{folder.name}.{os.getpid()}"))
    assert (guest_folder(tmp_path) / "main.py").stat().st_size


@pytest.mark.parametrize("leads", [False, True])
def test_a_program_that_a_layer_brings_as_its_python_is_never_started_outside_the_sandbox(
    tmp_path: Path, leads: bool
) -> None:
    env = tmp_path / "layers/p00000042/env-1"
    program = tmp_path / "run/p00000042/3/app/evil" if leads else env / "bin/python"
    for one in {program, env / "bin/python"}:
        one.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-started\n")
    program.chmod(0o755)
    if leads:
        (env / "bin/python").symlink_to(program)
    compile_guest(tmp_path, guest_folder(tmp_path), env, "3.12.1")
    assert not (tmp_path / "was-started").exists()


def test_a_lock_is_looked_at_and_not_waited_for_by_what_clears_away(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "p00000042.layers"
    with locked(path, deadline=5, check=lambda: None), at_once(path) as ours:
        assert not ours
    with at_once(path) as ours:
        assert ours


def test_whoever_waits_for_a_lock_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    def stop() -> None:
        raise InterruptedError

    with (
        locked(path, deadline=5, check=lambda: None),
        pytest.raises(InterruptedError),
        locked(path, deadline=5, check=stop),
    ):
        pass


def test_where_the_world_comes_in_is_told_at_each_start_whatever_it_was_as_the_release_was_laid(
    tmp_path: Path,
) -> None:
    (tmp_path / "guest.json").write_text(json.dumps(site(tmp_path).guest_spec()))
    sandbox = NoSandbox()
    behind = replace(site(tmp_path), place=replace(site(tmp_path).place, scheme="https", port=443))
    told = []
    for one in (site(tmp_path), behind):
        program(one, sandbox, grace=1)  # type: ignore[arg-type]
        env = {"DZ_GUEST_SPEC": str(tmp_path / "guest.json"), "DZ_REACHED": sandbox.env["DZ_REACHED"]}
        words = [sys.executable, "-c", "from dz_guest import spec; print(spec.origin('shop.org'))"]
        told.append(check(words, deadline=60, env={**env, "PYTHONPATH": str(guest_folder(tmp_path))}).text.strip())
    assert told == ["http://shop.org:8800", "https://shop.org"]
