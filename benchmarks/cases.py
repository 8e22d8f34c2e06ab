"""The cases of the table. Each round does the same work by hand and through the platform, one after the other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.platforms import Platform, own_ports
from tests.playing import ask_zoomdb, plan

from benchmarks.asking import Asker, asking, settled
from benchmarks.floor.deploy import ByHand
from benchmarks.floor.project import EXTRAS, Shop
from benchmarks.floor.proxy import proxy
from benchmarks.machine import busy, percentile
from benchmarks.report import Line
from benchmarks.subject import Site, Took, claimed, looked
from dz.local.providers import executable

FIRST, CODE, DEP = "first deploy, caches warm", "one line of code changed", "one dependency added, cached"
AGAIN = ("same commit", "rollback", "variable changed")
GOALS = {FIRST: 1.2, CODE: 0.5, DEP: 0.6, **dict.fromkeys(AGAIN, 0.5)}
ALL_WHEELS = (1 << len(EXTRAS)) - 1
LINES = 3  # a round changes as many, one after the other: no other deploy is as short, and as easily disturbed
REQUESTS = 1000  # a round asks as many times through each of the two
AT_REST = 65  # seconds after the last job: pools are empty half a minute to a minute after it (dz.tasks.sharing)
UPSTREAM = (
    "SELECT host(d.address::inet), d.port FROM dz2_appserverdeployment d JOIN dz2_release r ON r.id = d.release_id"
    " JOIN dz2_project p ON p.id = r.project_id WHERE p.name = %s AND d.port IS NOT NULL ORDER BY r.number DESC LIMIT 1"
)


class Bench:
    """A run: ``lines``, ``steps`` and ``memory`` grow while its cases are called."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.folder = folder
        self.port = int(own_ports()["DZ_PORTS"].split("-")[0])
        self.lines = {name: Line(name, goal) for name, goal in GOALS.items()}
        self.memory: dict[str, float] = {}  # MB of each service at rest
        self.steps: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def warm(self) -> None:
        """Every wheel into both caches; nothing of it is kept."""
        kept, self.lines = self.lines, {name: Line(name, goal) for name, goal in GOALS.items()}
        self.round(ALL_WHEELS)
        self.lines = kept
        self.steps.clear()

    def round(self, number: int) -> None:
        shop = Shop(self.folder / f"shop-{number}", number)
        site = Site(self.platform, shop.folder)
        hand = ByHand(self.folder / f"hand-{number}", shop.folder, self.folder / "cache", self.port)
        try:
            self._pair(FIRST, hand, site)
            for name, kind in (*[(CODE, "code")] * LINES, (DEP, "dep")):
                shop.change(kind)
                self._pair(name, hand, site)
            self._again(site)
        finally:
            hand.stop()
        self.platform.dz("deactivate", site.name, "-y")

    def ten(self, many: int = 10) -> None:
        """Ten changed at once against the same ten one by one. All have to be live with their new code."""
        shops = [Shop(self.folder / f"ten-{number}", 0) for number in range(many)]
        sites = [Site(self.platform, shop.folder) for shop in shops]
        _at_once(sites)
        line = self._line("ten deploys at once, CPU s", 1.5)
        _change(shops)
        line.floor = [_cpu_of(lambda: [site.deploy() for site in sites])]
        _change(shops)
        line.ours = [_cpu_of(lambda: _at_once(sites))]
        silent = [site.name for site in sites if not site.answer().startswith("v3 ")]
        if silent:
            raise RuntimeError(f"not live with their new code: {silent}")
        for site in sites:
            self.platform.dz("deactivate", site.name, "-y")

    def check(self, corpus: Path | None) -> None:
        """A look into each repository of that folder; into the sample's without one."""
        line = self._line("check_repo without the clone, 95 %", 2, "s")
        line.quantile = 0.95
        repositories = sorted(one.parent for one in corpus.glob("*/.git")) if corpus else []
        line.ours = [looked(self.platform, one) for one in repositories or [Shop(self.folder / "looked", 0).folder]]

    def engine(self) -> None:
        self._line("engine: ready to claimed", 25, "ms").ours = claimed(self.platform)

    def requests(self, rounds: int) -> None:
        """The front page of one site through the platform's nginx and one written by hand, in turn."""
        shop = Shop(self.folder / "asked", 0)
        site = Site(self.platform, shop.folder)
        site.deploy()
        [(address, port)] = ask_zoomdb(self.platform, UPSTREAM, site.name)
        through, by_hand = Asker(self.platform.port, site.host), Asker(self.port, site.host)
        ours: list[list[float]] = []
        floor: list[list[float]] = []
        nginx = executable(plan(self.platform).nginx, "nginx")
        with proxy(nginx, self.folder / "nginx", self.port, f"{address}:{port}", _user(self.platform)):
            settled(by_hand)
            for _ in range(rounds + 1):  # one of each in turn: what else the machine does takes from both
                asked = [(through.ask(), by_hand.ask()) for _ in range(REQUESTS)]
                ours.append([one for one, _ in asked])
                floor.append([one for _, one in asked])
        del ours[0], floor[0]  # the first ones warm the site
        for name, share in (("median", 0.5), ("99 %", 0.99)):
            line = self._line(f"a request, {name}, ms", 1.15)
            line.ours, line.floor = ([percentile(one, share) for one in times] for times in (ours, floor))
        self._switches(site, through, [percentile(one, 0.99) for one in ours], rounds)

    def idle(self, rounds: int) -> None:
        """Memory of every service; then the platform is stopped and started again."""
        time.sleep(AT_REST)
        self.memory = {one["name"]: one["memory"] / 1e6 for one in self.platform.status()["services"]}
        self._line("idle platform, PSS", 600, "MB").ours = [sum(self.memory.values())]
        for name, goal, words in (("dz up again", 5, ["up"]), ("dz --help", 0.3, ["--help"])):
            for _ in range(rounds):
                if name == "dz up again":
                    self.platform.down()
                began = time.monotonic()
                ran = self.platform.dz(*words)
                self._line(name, goal, "s").ours.append(time.monotonic() - began)
                if ran.code:
                    raise RuntimeError(f"{name}: {ran.err}")

    def _switches(self, site: Site, through: Asker, idle: list[float], rounds: int) -> None:
        line = self._line("a request during a switch, 99 %, ms", 2)
        line.floor = idle
        for _ in range(rounds):
            with asking(through) as took:
                site.act("restart", site.name)
            line.ours.append(percentile(took, 0.99))

    def _pair(self, name: str, hand: ByHand, site: Site) -> None:
        line = self.lines[name]
        cpu = busy()
        line.floor.append(hand.deploy())
        line.floor_cpu.append(busy() - cpu)
        self._kept(line, site.deploy())

    def _again(self, site: Site) -> None:
        """Releases of a bundle that is there. Their floor is the code-only deploy by hand of the same round."""
        # The variable last: with another one the same commit would have to be proved again, and an older version's
        # migration plan be asked for, which is not what most go back to.
        acts = (["deploy", site.name], ["rollback", site.name], ["env", "set", site.name, "GREETING=hello"])
        for name, words in zip(AGAIN, acts, strict=True):
            self.lines[name].floor.append(self.lines[CODE].floor[-1])
            self.lines[name].floor_cpu.append(self.lines[CODE].floor_cpu[-1])
            self._kept(self.lines[name], site.act(*words, "-y"))

    def _kept(self, line: Line, took: Took) -> None:
        line.ours.append(took.seconds)
        line.cpu.append(took.cpu)
        for step, seconds in took.steps.items():
            self.steps[line.name][step].append(seconds)

    def _line(self, name: str, goal: float, unit: str = "×") -> Line:
        return self.lines.setdefault(name, Line(name, goal, unit))


def _user(platform: Platform) -> str:
    """The line of its nginx that names the workers' user: as root only that one may reach the sites."""
    lines = next(platform.home.glob("proxy/**/nginx.conf")).read_text().splitlines()
    return next((line for line in lines if line.startswith("user ")), "")


def _change(shops: list[Shop]) -> None:
    for shop in shops:
        shop.change("code")


def _at_once(sites: list[Site]) -> None:
    begun = [site.begin() for site in sites]
    for one in begun:
        out, err = one.communicate(timeout=600)
        if one.returncode:
            raise RuntimeError(f"one of ten failed: {out}{err}")


def _cpu_of(work: Callable[[], object]) -> float:
    before = busy()
    work()
    return busy() - before
