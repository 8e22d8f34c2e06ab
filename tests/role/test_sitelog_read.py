"""``dz logs`` and the API behind it: the real panel and the real ``dz``; lines and marks as hosts add them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.panels import Panel
from tests.role.test_api import ask
from tests.role.test_sitelog import Host
from tests.unit.tasklib.test_sitelogs import append


@pytest.fixture
def host(panel: Panel, keys_file: Path, tmp_path: Path) -> Host:
    from dz2.models import Project

    return Host(Project.objects.create(name="shop", repo_url="https://git.example/shop"), tmp_path)


def told(out: str) -> list[str]:
    return [json.loads(line)["text"] for line in out.splitlines()]


def test_the_last_lines_are_shown_with_their_process_and_the_marks(panel: Panel, host: Host) -> None:
    from dz2 import sitelog

    assert panel.dz("logs", "shop").err == "shop wrote nothing yet.\n"
    host.write("GET / 200 3 ms\n")
    host.look()
    sitelog.mark(host.release)
    append(host.log_of("worker.1"), "ERROR shop.mail: no \x1b]0;title\x07server\n")
    host.look()
    shown = panel.dz("logs", "shop").out.splitlines()
    assert [line[9:] if line[2:3] == ":" else line for line in shown] == [
        "web.1      app-1       GET / 200 3 ms",
        "-------- release 13 is live --------",
        "worker.1   app-1       ERROR shop.mail: no server",
    ]
    chosen = panel.dz("logs", "shop", "--level", "error", "--process", "worker", "-n", "1", "--json")
    line = json.loads(chosen.out)
    assert (line["seq"], line["process"], line["host"], line["release"]) == (3, "worker.1", "app-1", 13)
    assert (line["level"], line["mark"]) == ("error", False)
    assert panel.dz("logs", "shop", "--since", "1h", "--search", "200", "--json").out.count("\n") == 1
    assert panel.dz("logs", "shop", "--release", "12").err == "shop wrote nothing of that kind.\n"
    mistyped = panel.dz("logs", "shop", "--process", "wrker")
    assert mistyped.err.splitlines() == ["shop wrote nothing of that kind.", "Its processes: dz ps shop"]
    assert mistyped.out == ""  # a release that went live is no line of that process


def test_following_goes_on_after_a_lost_connection_without_a_line_lost_or_doubled(panel: Panel, host: Host) -> None:
    host.write("".join(f"{number}\n" for number in range(5)))
    host.look()
    following = panel.begin("logs", "shop", "-f", "-n", "2", "--json")
    assert following.process.stdout is not None
    got = [following.process.stdout.readline() for _ in range(2)]
    host.write("5\n")
    host.look()
    got.append(following.process.stdout.readline())
    panel.stop()
    host.write("6\n7\n")
    host.look()
    panel.start()
    following.says("nothing is missing")
    got += [following.process.stdout.readline() for _ in range(2)]
    assert told("".join(got)) == ["3", "4", "5", "6", "7"]
    assert "-------- connection lost for " in following.stderr.read_text()
    following.interrupt()
    ended = following.end()
    assert (ended.code, ended.out) == (0, "")


def test_following_ends_when_nobody_reads_it_any_more(panel: Panel, host: Host) -> None:
    following = panel.begin("logs", "shop", "-f")
    assert following.process.stdout is not None
    following.process.stdout.close()
    assert following.process.wait(60) == 0


def test_a_reader_that_comes_too_late_is_told_what_is_gone(panel: Panel, host: Host) -> None:
    from dz2.models import SiteLog

    host.write("".join(f"{number}\n" for number in range(9)))
    host.look()
    SiteLog.objects.filter(seq__lte=6).delete()
    _, page = ask(panel, "GET", "/projects/shop/logs?after=2&limit=2&wait=20")
    assert ([line["text"] for line in page["lines"]], page["after"], page["gone"]) == (["6", "7"], 8, 4)
    assert page["more"]


def test_every_page_is_read_where_more_is_wanted_than_one_holds(panel: Panel, host: Host) -> None:
    host.write("".join(f"{number}\n" for number in range(4500)))
    host.look()
    assert told(panel.dz("logs", "shop", "-n", "4200", "--json").out) == [str(number) for number in range(300, 4500)]
    assert len(told(panel.dz("logs", "shop", "--since", "1h", "--json").out)) == 4500


def test_a_wait_ends_with_the_first_line_that_is_wanted(panel: Panel, host: Host) -> None:
    following = panel.begin("logs", "shop", "-f", "--level", "error", "--json")
    for number in range(3):
        host.write(f"INFO {number}\n")
        host.look()
    host.write("ERROR now\n")
    host.look()
    assert following.process.stdout is not None
    assert told(following.process.stdout.readline()) == ["ERROR now"]


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["logs", "shopp"], 1, "project.not-found"),
        (["logs", "shop", "--since", "yesterday"], 2, "cli.usage"),
        (["logs", "shop", "--level", "loud"], 2, "cli.usage"),
        (["logs", "shop", "--server", "http://127.0.0.1:1"], 3, "cli.unreachable"),
    ],
)
def test_what_is_wrong_is_one_document(panel: Panel, host: Host, words: list[str], code: int, problem: str) -> None:
    ended = panel.dz(*words, "--json")
    assert (ended.code, ended.document["error_id"]) == (code, problem)


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("9999-12-31T23:59:59-14:00", 422),
        ("0001-01-01T00:00:00%2B14:00", 422),
        ("9999-12-31T23:59:59Z", 200),
        ("9999-01-01", 200),
        ("9999-12-31T23:59:59.999999", 200),
        ("0001-01-01T00:00", 200),
        ("2026-11-24T14:05", 200),
        ("253402300800", 200),
        ("1e20", 422),
        ("nan", 422),
    ],
)
def test_a_time_is_taken_or_refused_and_never_breaks_the_answer(
    panel: Panel, host: Host, since: str, status: int
) -> None:
    got, told_of = ask(panel, "GET", f"/projects/shop/logs?since={since}")
    assert (got, told_of.get("error_id")) == (status, "api.input" if status == 422 else None)


def test_a_job_s_log_is_searched_on_the_server(panel: Panel, host: Host) -> None:
    from dz2.joblog import Writer
    from tests.role import jobs

    job = jobs.accept(host.project)
    with Writer(jobs.claim(job, "build_bundle")) as log:
        log.output("".join(f"line {number}\n" for number in range(1500)).encode() + b"The Error\nlast\n")
    found = panel.dz("job", str(job.pk), "--log", "--search", "error", "--json").out
    assert told(found) == ["The Error"]
    _, page = ask(panel, "GET", f"/jobs/{job.pk}/log?search=error&after=2")
    assert (page["lines"][0]["seq"], page["after"]) == (1501, 1502)
    assert told(panel.dz("job", str(job.pk), "--log", "--json").out)[-1] == "last"
