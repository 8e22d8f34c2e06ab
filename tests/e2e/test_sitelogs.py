"""What a site writes, followed through two releases, a failed one, and the death of the worker that ships it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests import playing
from tests.platforms import Platform
from tests.playing import URLS
from tests.waiting import until

# In one piece: print's own line break is a piece of its own, before which another thread's access line may come.
PAGE = URLS.replace(
    "    return",
    '    print("asked %s %s\\n" % (request.GET.get("n"), os.environ["SESAME"]), end="", flush=True)\n    return',
)
BROKEN = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunSQL("SELECT nonsense")]
"""


def ask(project: playing.Project, *numbers: int) -> None:
    for number in numbers:
        assert project.platform.ask(project.host, f"/?n={number}")[0] == 200


def asked(lines: list[dict[str, Any]]) -> list[int]:
    words = [line["text"].split() for line in lines if line["text"].startswith("asked ")]
    return [int(number) for _, number, _ in words if number != "None"]


def logs(project: playing.Project, *words: str) -> list[dict[str, Any]]:
    ran = project.platform.dz("logs", project.name, "--json", *words)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


class Follower:
    """``dz logs -f``, read without waiting for it."""

    def __init__(self, project: playing.Project) -> None:
        process = project.platform.begin("logs", project.name, "-f", "--json", "--search", "asked")
        assert process.stdout is not None
        self._stream = process.stdout.fileno()
        self._text = ""
        os.set_blocking(self._stream, False)

    def lines(self) -> list[dict[str, Any]]:
        with suppress(BlockingIOError):
            while piece := os.read(self._stream, 65536):
                self._text += piece.decode()
        return [json.loads(line) for line in self._text.splitlines(keepends=True) if line.endswith("\n")]

    def shows(self, number: int) -> None:
        until(lambda: number in asked(self.lines()), what=f"dz logs -f shows that {number} was asked for")


def test_no_line_is_lost_or_doubled_over_releases_and_the_death_of_the_worker_that_ships_them(
    platform: Platform, tmp_path: Path
) -> None:
    project = playing.words(platform, tmp_path, "written", {"words/urls.py": PAGE})
    project.deploy("--env", "SESAME=open-s3same")
    follower = Follower(project)
    ask(project, 1)
    first = until(lambda: [line for line in follower.lines() if "asked 1 " in line["text"]], what="-f shows the line")[
        0
    ]
    assert (first["text"], first["process"], first["release"]) == ("asked 1 [SESAME]", "web.1", 1)

    for numbers in (range(2, 40), range(40, 60)):
        platform.kill("worker-appserver")
        ask(project, *numbers)
        follower.shows(numbers[-1])
    project.change({"words/urls.py": PAGE.replace("first", "second")})
    project.deploy()
    ask(project, 60)
    follower.shows(60)
    assert asked(follower.lines()) == list(range(1, 61))

    every = logs(project, "--since", "1h")
    assert asked(every) == list(range(1, 61))
    assert [line["seq"] for line in every] == list(range(1, len(every) + 1))
    assert [line["text"] for line in every if line["mark"]] == ["release 1 is live", "release 2 is live"]
    mark = next(line["seq"] for line in every if line["text"] == "release 2 is live")
    assert next(line["seq"] for line in every if line["text"] == "asked 60 [SESAME]") > mark
    assert asked(logs(project, "--release", "1", "--process", "web", "-n", "1000")) == list(range(1, 60))
    assert [line["level"] for line in every if "Starting gunicorn" in line["text"]] == ["info", "info"]

    project.change({"notes/migrations/0002_broken.py": BROKEN})
    project.deploy(code=1)
    until(lambda: logs(project, "--release", "3"), what="the failed release's log is kept")
