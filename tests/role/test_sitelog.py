"""The logs of sites: real files, rotated as supervisord rotates them, and a real zoomdb."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.tasklib.test_sitelogs import append, rotate


@pytest.fixture
def j(zoomdb: str, keys_file: Path) -> Any:
    from tests.role import jobs

    return jobs


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Host:
    """An appserver's folder with the log of one process, and who ships it."""

    def __init__(self, project: Any, home: Path) -> None:
        self.project, self.home, self.clock = project, home, Clock()
        self.release = self.released(13, {"TOKEN": "s3cret-value", "MODE": "True"})
        self.log = self.log_of("web.1")
        self.restarted()

    def released(self, number: int, variables: dict[str, str]) -> Any:
        from dz2 import vault
        from dz2.models import Config, Release

        sealed = vault.seal_variables(self.project.app_id, variables)
        config = Config.objects.create(project=self.project, version=number, variables=sealed)
        return Release.objects.create(project=self.project, number=number, config=config, commit="c" * 40)

    def log_of(self, process: str, release: int = 13) -> Path:
        path: Path = self.home / "run" / self.project.app_id / "log" / f"{self.project.app_id}-{release}-{process}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def restarted(self) -> None:
        """Its worker died and another one began."""
        from dz.tasks.shipping import Shipper

        self.shipper = Shipper(self.home, "app-1", clock=self.clock)

    def write(self, text: str) -> None:
        append(self.log, text)

    def look(self) -> list[str]:
        while self.shipper.look():
            pass
        return self.lines()

    def lines(self, **wanted: Any) -> list[str]:
        from dz2.models import SiteLog

        return list(
            SiteLog.objects.filter(project=self.project, **wanted).order_by("seq").values_list("text", flat=True)
        )


@pytest.fixture
def host(j: Any, tmp_path: Path) -> Host:
    return Host(j.project(), tmp_path)


def test_lines_are_clean_have_a_level_and_show_no_secret(host: Host) -> None:
    from dz2.models import SiteLog

    host.write("ERROR with s3cret-value\n10 %\r100 %\n\x1b[31mred\x1b[0m\x1b[2J\x00 s3cr\x00et-value True\n")
    host.write("redis://u:pw@h/0\n" + "y" * 9000 + "\n")
    with host.log.open("ab") as file:
        file.write(b"\xff\xfe no text\n")
    told = host.look()
    assert told[:4] == ["ERROR with [TOKEN]", "100 %", "\x1b[31mred\x1b[0m [TOKEN] True", "redis://u:[redacted]@h/0"]
    assert told[4].endswith("... [cut]") and 3900 < len(told[4]) <= 4000
    assert told[5] == "�� no text"
    first = SiteLog.objects.get(project=host.project, seq=1)
    assert (first.host, first.process, first.release, first.level) == ("app-1", "web.1", 13, "error")


def test_a_worker_that_dies_at_any_moment_neither_loses_nor_doubles_a_line(host: Host) -> None:
    """It dies before the transaction, or after it without knowing."""
    from dz2 import sitelog

    for number in range(1, 40):
        host.write(f"line {number}\n")
        if number % 3 == 0:
            host.look()
        if number % 4 == 0:
            host.restarted()
        if number % 10 == 0:
            rotate(host.log)
    older = host.shipper
    host.restarted()
    host.look()
    host.write("line 40\n")
    host.look()
    older.look()  # a frozen one that comes back: it tells what it took for new to nobody
    older.look()
    assert host.lines() == [f"line {number}" for number in range(1, 41)]
    assert sitelog.files("app-1") == [host.log.stem]


def test_a_worker_that_is_up_has_looked_once(host: Host) -> None:
    """Its pool is forked from then on: a module that a thread is just loading would be locked there for ever."""
    from dz.tasks.shipping import Shipping

    host.write("a line\n")
    settings: Any = SimpleNamespace(home=host.home, instance_id="app-1")
    shipping = Shipping(settings)
    shipping.start()
    try:
        assert host.lines() == ["a line"]
    finally:
        shipping.stop()


def test_half_a_line_waits_for_its_end_and_not_for_ever(host: Host) -> None:
    host.write("one\nhal")
    assert host.look() == ["one"]
    rotate(host.log)
    host.write("f\nno end")
    assert host.look() == ["one", "half"]
    host.look()
    host.clock.now = 10
    assert host.look() == ["one", "half", "no end"]
    host.write(", and on\n")
    assert host.look()[3:] == [", and on"]


def test_a_flood_is_counted_instead_of_kept_and_old_lines_go(host: Host) -> None:
    from dz2 import sitelog

    host.write("x\n" * 25_000)
    told = host.look()
    assert told[-1] == "5,000 lines left out: more than 2,000, or 1 MB, a second"
    assert len(told) == 20_000
    host.clock.now = 1
    host.write("y\n" * 2500)
    assert host.look()[-2:] == ["y", "500 lines left out: more than 2,000, or 1 MB, a second"]
    assert sitelog.KEPT <= len(host.lines()) <= sitelog.KEPT + sitelog.SWEEP + 2001
    page = sitelog.page(host.project, sitelog.Wanted(), after=5, limit=1)
    assert page.gone == page.lines[0].seq - 6 > 0


def test_long_lines_count_by_their_bytes_when_they_are_shipped_and_when_they_are_kept(host: Host) -> None:
    from dz2 import sitelog

    long = "é" * 3900 + "\n"  # 7,800 bytes
    host.write(long * 3000)
    told = host.look()
    notes = [line for line in told if line.endswith(" lines left out: more than 2,000, or 1 MB, a second")]
    assert notes and len(told) - len(notes) + sum(int(one.split()[0]) for one in notes) == 3000
    assert len(told) * 7800 < sitelog.KEPT_BYTES * 1.01
    host.clock.now = 60
    host.write(long * 2000)
    assert host.look()[-1] == long[:-1]
    assert sum(len(line.encode()) for line in host.lines()) < sitelog.KEPT_BYTES + sitelog.SWEEP * 7800


def test_what_was_rotated_away_unread_is_said(host: Host) -> None:
    host.write("first\n")
    host.look()
    for number in range(4):
        host.write(f"{number}\n")
        rotate(host.log)
    told = host.look()
    assert told == ["first", "lines are missing here: they were written faster than they could be read", "2", "3"]


def test_two_processes_and_a_switch_share_one_order_without_gaps(host: Host) -> None:
    from django.db import connections, transaction

    from dz.tasks.shipping import Shipper
    from dz2 import sitelog
    from dz2.models import SiteLog

    logs = {name: host.log_of(name) for name in ("web.1", "worker.1")}

    def ship(name: str) -> None:
        home = host.home / name
        path = home / "run" / host.project.app_id / "log" / logs[name].name
        path.parent.mkdir(parents=True)
        shipper = Shipper(home, f"app-{name[:2]}")
        for number in range(200):
            append(path, f"{name} {number}\n")
            shipper.look()
        connections.close_all()

    threads = [threading.Thread(target=ship, args=(name,)) for name in logs]
    for thread in threads:
        thread.start()
    with transaction.atomic():
        sitelog.mark(host.release)
    for thread in threads:
        thread.join(60)
    rows = SiteLog.objects.filter(project=host.project).order_by("seq")
    assert list(rows.values_list("seq", flat=True)) == list(range(1, 402))
    for name in logs:
        assert host.lines(process=name) == [f"{name} {number}" for number in range(200)]
    assert host.lines(process="") == ["release 13 is live"]


def test_the_log_of_a_program_that_is_over_goes_once_it_is_told_and_its_lines_stay(host: Host) -> None:
    from dz2 import sitelog

    host.write("ERROR last words\n")
    rotate(host.log)
    host.write("and more\n")
    kept, conf = host.log_of("web.2"), host.home / "sites" / f"{host.log_of('web.2').stem}.conf"
    append(kept, "runs\n")
    conf.parent.mkdir()
    conf.touch()
    for log in (host.log, kept):
        os.utime(log, (1, 1))
    host.clock.now = 61
    assert sorted(host.look()) == ["ERROR last words", "and more", "runs"]
    assert [path.name for path in host.log.parent.iterdir()] == [kept.name]
    assert sitelog.files("app-1") == [kept.stem]
    kept.unlink()
    host.clock.now = 130
    host.look()
    assert sitelog.files("app-1") == []


def test_no_line_of_a_destroyed_project_is_kept(host: Host) -> None:
    from django.db.models.functions import Now

    from dz2 import sitelog

    host.write("one\n")
    host.look()
    sitelog.clear(host.project)
    type(host.project).objects.filter(pk=host.project.pk).update(destroyed_at=Now())
    host.restarted()
    host.write("two\n")
    assert host.look() == []


def test_lines_are_chosen_by_process_release_level_time_and_words(host: Host) -> None:
    from dz2 import sitelog
    from dz2.models import SiteLog

    host.write("INFO one\nERROR two\nWARNING three\n")
    host.look()
    sitelog.mark(host.release)
    host.released(14, {})
    append(host.log_of("worker.1", 14), "CRITICAL four\n")
    host.look()
    SiteLog.objects.filter(seq__lte=2).update(at=datetime.now(UTC) - timedelta(hours=2))

    def chosen(after: int | None = None, limit: int = 9, **wanted: Any) -> list[str]:
        found = sitelog.page(host.project, sitelog.Wanted(**wanted), after=after, limit=limit)
        return [line.text for line in found.lines]

    live = "release 13 is live"
    cases: list[tuple[Callable[[], list[str]], list[str]]] = [
        (chosen, ["INFO one", "ERROR two", "WARNING three", live, "CRITICAL four"]),
        (lambda: chosen(limit=2), [live, "CRITICAL four"]),
        (lambda: chosen(after=2), ["WARNING three", live, "CRITICAL four"]),
        (lambda: chosen(process="worker"), [live, "CRITICAL four"]),
        (lambda: chosen(process="web.1", level="error"), ["ERROR two", live]),
        (lambda: chosen(release=14), ["CRITICAL four"]),
        (lambda: chosen(level="warning", search="O"), ["ERROR two", "CRITICAL four"]),
        (lambda: chosen(since=datetime.now(UTC) - timedelta(hours=1)), ["WARNING three", live, "CRITICAL four"]),
    ]
    for ask, told in cases:
        assert ask() == told
    following = sitelog.page(host.project, sitelog.Wanted(search="one"), after=0, limit=1)
    assert (following.after, following.more) == (5, False)  # what was passed over is not looked at again
    first = sitelog.page(host.project, sitelog.Wanted(), after=0, limit=2)
    assert (first.after, first.more) == (2, True)
