"""The profile for our own copy of bubblewrap: asked for only where the kernel does, and never written by halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.seams.sandbox import apparmor


@pytest.mark.parametrize(("said", "needed"), [("1\n", True), ("0\n", False), (None, False)])
def test_a_profile_is_needed_where_the_kernel_forbids_namespaces_to_all_others(
    tmp_path: Path, said: str | None, needed: bool
) -> None:
    switch = tmp_path / "switch"
    if said is not None:
        switch.write_text(said)
    assert apparmor.needed(switch) is needed


@pytest.mark.root
@pytest.mark.root
def test_the_copy_is_roots_and_the_profile_names_it_and_no_other(tmp_path: Path) -> None:
    bwrap, switch = tmp_path / "bwrap", tmp_path / "switch"
    bwrap.write_bytes(b"a program")
    switch.write_text("1")
    for _ in range(2):  # again over what is there
        told = list(apparmor.install(bwrap, root=tmp_path / "root", switch=switch))
        assert len(told) == 2
    copy = tmp_path / "root/usr/local/lib/djangozoom/bwrap"
    assert copy.read_bytes() == b"a program" and copy.stat().st_mode & 0o7777 == 0o755 and copy.stat().st_uid == 0
    profile = (tmp_path / "root/etc/apparmor.d/djangozoom-bwrap").read_text()
    assert profile.count("profile ") == 1 and f"profile djangozoom-bwrap {apparmor.OWN_COPY} " in profile
    assert sorted(path.name for path in copy.parent.iterdir()) == ["bwrap"]
