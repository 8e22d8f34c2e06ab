"""Changes of one live site, each checked: good ones, ones that must fail, and rollbacks, in an order that is always
the same. After each of them the right release answers, and only what the retained releases need is left.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import faultkit, playing
from tests.load import OpenLoop
from tests.platforms import Platform
from tests.playing import Project
from tests.waiting import until

from soak.footprint import KEPT, Footprint, look, size, watching

SETTLED = 30.0  # seconds until what a job left is gone


@dataclass(frozen=True)
class Breaks:
    """A change that can't go live: its files, and what its job has to say."""

    name: str
    files: dict[str, str]
    error: str
    says: str = ""


BREAKS = (
    Breaks("build", {"requirements.txt": "django>=5.2,<5.3\ndjango<5\n"}, "build.requirements-conflict"),
    Breaks(
        "import",
        {"words/wsgi.py": f"raise RuntimeError('not at all')\n{playing.WORDS['words/wsgi.py']}"},
        "app.wsgi-failed",
        "words/wsgi.py:1  raise RuntimeError('not at all')",
    ),
    Breaks(
        "start",
        {
            "words/wsgi.py": "import sys\n\nif 'gunicorn' in sys.modules:\n    raise RuntimeError('not as a server')\n"
            + playing.WORDS["words/wsgi.py"]
        },
        "deploy.died",
        "words/wsgi.py:4",
    ),
    Breaks(
        "migration",
        {
            "notes/migrations/0002_breaks.py": "from django.db import migrations\n\n\n"
            "class Migration(migrations.Migration):\n"
            '    dependencies = [("notes", "0001_initial")]\n'
            '    operations = [migrations.RunSQL("SELECT 1 / 0")]\n'
        },
        "hook.migration-failed",
        "notes.0002_breaks",
    ),
    Breaks(
        "health",
        {"words/urls.py": playing.URLS.replace("    return", "    raise RuntimeError('not to visitors')\n    return")},
        "deploy.unhealthy",
        "words/urls.py",
    ),
)


def order(deploys: int, failing: int, rollbacks: int) -> list[str]:
    """Each kind spread evenly over the whole; a rollback never before the first deploy."""
    counts = {"deploy": deploys, "fails": failing, "rollback": rollbacks}
    due = [((number + 0.5) / count, kind) for kind, count in counts.items() for number in range(count)]
    return [kind for _, kind in sorted(due)]


@dataclass
class Did:
    """One job: ``kind`` in words, its seconds as the one who typed the command counts them, what was left after it."""

    kind: str
    seconds: float
    left: Footprint


@dataclass
class Soak:
    """A live site with a stream of requests to it. ``one``: bytes on the disk of a release that is alone; ``seen``:
    of the project, at rest and while jobs ran."""

    project: Project
    app: str
    load: OpenLoop
    one: int
    lives: list[int] = field(default_factory=lambda: [1])  # every release that was live, in order
    words: dict[str, int] = field(default_factory=lambda: {"word1": 1})  # the release that last had it; live comes last
    done: list[Did] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    _pruned: float = field(default_factory=time.time)
    _breaks: Iterator[Breaks] = field(default_factory=lambda: itertools.cycle(BREAKS))
    _back: Iterator[int] = field(default_factory=lambda: itertools.cycle((-2, -KEPT + 1)))

    @property
    def platform(self) -> Platform:
        return self.project.platform

    @property
    def live(self) -> int:
        return self.lives[-1]

    @property
    def page(self) -> str:
        return f"{self.live} {list(self.words)[-1]} 0"

    def run(self, kinds: list[str]) -> None:
        for number, kind in enumerate(kinds, 1):
            self.act(f"job {number} of {len(kinds)}: ", kind)

    def act(self, prefix: str, kind: str) -> None:
        """Do one job, check it, and keep what it took."""
        began, answers = time.time(), Counter(self.load.counted.releases)
        with watching(self.platform, self.app) as sizes:
            name = {"deploy": self._deploy, "fails": self._fails, "rollback": self._rollback}[kind](prefix)
        seconds = time.time() - began
        self._pruned = began if kind == "deploy" else self._pruned
        self.load.during = ""
        self.seen += sizes
        assert self.project.page() == self.page
        answered = self.load.counted.releases - answers
        late = {str(number) for number in self.lives[-3:]}  # an answer may be read a while after it was given
        assert set(answered) <= late, f"{prefix}{name}: releases {answered} answered"
        left = self._settled(prefix + name)
        assert max(sizes, default=0) <= left.size + self.one, (
            f"{prefix}{name} took {max(sizes)} bytes, {left.size} stay"
        )
        self.done.append(Did(name, seconds, left))

    def _deploy(self, prefix: str) -> str:
        word = f"word{len(self.done) + 2}"
        self.project.change(faultkit.saying(word))
        self.load.during = f"{prefix}deploy"
        self._went_live(word, self.project.deploy())
        return "deploy"

    def _fails(self, prefix: str) -> str:
        breaks = next(self._breaks)
        name = f"deploy that fails ({breaks.name})"
        self.project.change(breaks.files)
        self.load.during = prefix + name
        job = self.project.deploy(code=1)
        assert (job["state"], job["error_id"]) == ("failed", breaks.error), job
        assert breaks.says in f"{job['where']}\n{job['error']}", job
        assert job["url"] is None and job["live"]["release"] == self.live, job
        self.project.repository.git("revert", "--no-edit", "HEAD")
        return name

    def _rollback(self, prefix: str) -> str:
        """To the release before, and to the oldest that is kept, in turn."""
        back = next(self._back)
        word = list(self.words)[max(back, -len(self.words))]
        self.load.during = f"{prefix}rollback"
        ran = self.platform.dz("rollback", self.project.name, str(self.words[word]), "--yes", "--json")
        assert ran.code == 0, f"{ran.err}\n{self.platform.log(ran)}"
        self._went_live(word, ran.json)
        return "rollback"

    def _went_live(self, word: str, job: dict[str, Any]) -> None:
        self.lives.append(int(job["release"]))
        self.words.pop(word, None)
        self.words[word] = self.live

    def _settled(self, what: str) -> Footprint:
        """What lies there once the job's hosts have taken away what they were told to."""
        found = look(self.platform, self.app, self._pruned)

        def enough() -> bool:
            nonlocal found
            found = look(self.platform, self.app, self._pruned)
            return not found.too_much(self.app, self.live)

        if found.too_much(self.app, self.live):
            try:
                until(enough, what="only the retained releases are there", deadline=SETTLED, every=0.3)
            except AssertionError:
                raise AssertionError(f"{what} left {found.too_much(self.app, self.live)}: {found}") from None
        self.seen.append(found.size)
        return found


@contextmanager
def soaking(platform: Platform, folder: Path, name: str, rate: float) -> Iterator[Soak]:
    """A new site, live, under ``rate`` requests a second for as long as it lasts."""
    project = playing.words(platform, folder, name, faultkit.saying("word1"))
    project.deploy()
    app = faultkit.app_id(project)
    with OpenLoop("127.0.0.1", platform.port, f"{project.host}:{platform.port}", rate=rate) as load:
        until(lambda: load.counted.releases["1"] > rate, what="the first release answers")
        yield Soak(project, app, load, size(platform, app))
