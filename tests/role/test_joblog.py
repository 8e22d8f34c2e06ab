"""A job's log in zoomdb: order, caps, secrets, and who may still write."""

from __future__ import annotations

import threading
from typing import Any

import pytest


@pytest.fixture
def j(zoomdb: str) -> Any:
    from tests.role import jobs

    return jobs


def lines(job: Any) -> list[str]:
    return list(job.log.values_list("text", flat=True))


def test_output_becomes_lines_without_cursor_tricks_and_secrets(j: Any) -> None:
    from dz2.joblog import Writer

    job = j.accept(j.project())
    with Writer(j.claim(job, "build_bundle")) as log:
        log.hide("TOKEN", "s3cret-value")
        log.begin("Install")
        log.output(b"10 %\r50 %\r100 %\ncolour \x1b[31mred\x1b[0m\x1b[2K\x00\nha")
        log.output("lf ä".encode()[:-1])
        log.output("ä".encode()[-1:] + b"\nwith s3cret-value in it\n")
        log.output(b"postgres://u:pw@h/x\n" + b"y" * 5000 + b"\nno end")
        log.end("Install", 1.5, ok=True)
    told = lines(job)
    assert told[:6] == [
        "Install",
        "100 %",
        "colour \x1b[31mred\x1b[0m",
        "half ä",
        "with [TOKEN] in it",
        "postgres://u:[redacted]@h/x",
    ]
    assert told[6].endswith("[cut]") and len(told[6]) <= 4000
    assert told[7:] == ["no end", "Install"]
    assert list(job.log.values_list("kind", flat=True))[-1] == "part_end"
    assert job.log.filter(part="Install").count() == 9


def test_two_steps_at_once_number_their_lines_without_gaps(j: Any) -> None:
    from django.db import connections

    from dz2.joblog import Writer

    job = j.accept(j.project())
    j.do(job, "build_bundle")
    claims = [j.claim(job, name) for name in ("create_database", "bundle_upload")]

    def write(claimed: Any) -> None:
        with Writer(claimed) as log:
            for i in range(300):
                log.note(f"{claimed.step} {i}")
                if i % 7 == 0:
                    log.flush()
        connections.close_all()

    threads = [threading.Thread(target=write, args=(claimed,)) for claimed in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(job.log.values_list("seq", flat=True)) == list(range(1, 601))
    for claimed in claims:
        own = list(job.log.filter(step=claimed.step).values_list("text", flat=True))
        assert own == [f"{claimed.step} {i}" for i in range(300)]


def test_a_flood_is_counted_instead_of_kept(j: Any) -> None:
    from dz2.joblog import RATE, Writer

    job = j.accept(j.project())
    now = [0.0]
    with Writer(j.claim(job, "build_bundle"), clock=lambda: now[0]) as log:
        log.output(b"x\n" * (RATE + 5))
        now[0] = 2.0
        log.output(b"y\n")
    assert lines(job)[RATE:] == [f"5 lines left out: faster than {RATE} a second", "y"]


def test_a_full_log_says_so_and_stays_without_gaps(j: Any) -> None:
    from dz2.joblog import MOST, Writer

    job = j.accept(j.project())
    type(job).objects.filter(pk=job.pk).update(next_seq=MOST - 1)
    with Writer(j.claim(job, "build_bundle")) as log:
        for text in "abcd":
            log.note(text)
    assert list(job.log.values_list("seq", "text")) == [
        (MOST - 1, "a"),
        (MOST, f"the log ends here: {MOST} lines are the most that is kept"),
    ]


def test_an_attempt_that_lost_its_step_adds_no_line(j: Any) -> None:
    from dz2 import ringing
    from dz2.joblog import Writer

    job = j.accept(j.project())
    with Writer(j.claim(job, "build_bundle")) as log:
        log.note("alive")
        log.flush()
        j.age(job, 20)
        ringing.expire(pipelines=j.PIPELINES)
        log.note("late")
    assert lines(job) == ["alive"]
