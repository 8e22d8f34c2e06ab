"""What one project takes of the machine: layers, stored bundles, static files, run folders, programs, ports, processes.

When no job runs that is: the layers of the live release, of the last other bundles that were live, and of the last
release whatever became of it; one running copy, one program, one port.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from tests import playing
from tests.platforms import Platform
from tests.waiting import meanwhile

from dz.local.layout import Layout
from dz.settings import WorkerSettings
from dz.tasklib.build.leftovers import KEPT as CHECKOUTS
from dz.tasklib.build.leftovers import UNUSED

KEPT = WorkerSettings.model_fields["kept_bundles"].default + 1 + 1  # for rollbacks, the live one, the last that failed
EVERY = 1.0  # seconds between two looks at the disk while a job runs


@dataclass(frozen=True)
class Footprint:
    """``layers``: unpacked, by kind; ``packed``: on the build host. ``size``: bytes of all, hard links counted once."""

    layers: Counter[str]
    stored: int
    statics: int
    running: tuple[str, ...]
    logs: int
    programs: tuple[str, ...]
    ports: int
    databases: tuple[str, ...]
    checkouts: int
    packed: int
    processes: int
    size: int

    def too_much(self, app: str, live: int) -> list[str]:
        """A phrase for each thing of which more is left than the retained releases need."""
        here = [f"{number} {kind} layers" for kind, number in self.layers.items() if number > _most(kind)]
        found = {
            f"{self.stored} stored layers": self.stored > KEPT + 2,  # of the code, and one each of the two other kinds
            f"{self.statics} folders of static files": self.statics > 1,
            f"{self.running} to run": self.running != (str(live), f"{app}-{live}-web.1.spec"),
            f"the programs {self.programs}": self.programs != (f"{app}-{live}-web.1",),
            f"{self.ports} ports": self.ports != 1,
            f"the databases and roles {self.databases}": self.databases != (app,),
            f"{self.checkouts} old checkouts": self.checkouts > CHECKOUTS,
            f"{self.packed} packed layers": self.packed > 1,  # of the last build that failed
        }
        return here + [what for what, wrong in found.items() if wrong]


def _most(kind: str) -> int:
    return KEPT if kind == "app" else 1


def look(platform: Platform, app: str, pruned: float) -> Footprint:
    """As it is now. ``pruned``: when the last job began that takes old checkouts away; it leaves those in use."""
    home = platform.home
    build, statics = home / "build" / app, Layout(home).proxy_home / "static" / app
    ours = set(playing.at_work(platform, app))
    listening = [one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN and one.pid in ours]
    return Footprint(
        layers=Counter(name.split("-")[0] for name in _names(home / "layers" / app)),
        stored=sum(one.is_file() for one in (home / "store" / app).rglob("*")),
        statics=len(_names(statics)),
        running=tuple(name for name in _names(home / "run" / app) if name != "log"),
        logs=len(_names(home / "run" / app / "log")),
        programs=tuple(sorted(name for name in playing.programs(platform) if name.startswith(app))),
        ports=len({one.laddr for one in listening}),
        databases=tuple(sorted(name for name in playing.databases(platform) if name.startswith(app))),
        checkouts=sum(one.stat().st_mtime < pruned - UNUSED for one in (build / "src").iterdir()),
        packed=len(_names(build / "out")),
        processes=len(platform.processes()),
        size=size(platform, app),
    )


def size(platform: Platform, app: str) -> int:
    """Bytes on the disk of all that is the project's but its database; what goes meanwhile is not counted."""
    home = platform.home
    folders = [home / kind / app for kind in ("build", "layers", "run")]
    folders += [home / "store" / app, Layout(home).proxy_home / "static" / app]
    done = subprocess.run(["du", "-s", "-c", "-B1", *map(str, folders)], capture_output=True, text=True, check=False)
    return int(done.stdout.splitlines()[-1].split()[0])


@contextmanager
def watching(platform: Platform, app: str) -> Iterator[list[int]]:
    """While it lasts, the disk is looked at every second: the sizes."""
    seen: list[int] = []
    with meanwhile(lambda: seen.append(size(platform, app)), every=EVERY):
        yield seen


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []
