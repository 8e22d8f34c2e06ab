"""``make demo``: the services started, the bundled sample site deployed, and what to do next.

The sample becomes a Git repository of its own and is deployed by the command line like anybody's.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dz.errors import PlatformError
from dz.local import elsewhere
from dz.local.administration import admin_link
from dz.local.layout import Layout
from dz.local.screen import Screen
from dz.local.services import Plan
from dz.local.status import report
from dz.local.up import up
from dz.run import run
from dz.typed import LAUNCHER, TYPED, dz, typed

ROOT = LAUNCHER.parent  # of the clone
NAME = "hello"
TAKEN = "project.name-taken"
EVENT = re.compile(r"^\d\S+Z running +(.+)$", re.MULTILINE)  # of the command line, when it writes into a pipe
DEADLINE = 600.0


def demo(layout: Layout, listen: str, screen: Screen) -> int:
    """The exit code of ``dz deploy``; each step told as it ends."""
    plan, seconds = _started(layout, listen, screen)
    _launcher(plan)
    state = report(plan)
    broker = {"valkey": "Valkey", "rabbitmq": "RabbitMQ"}.get(plan.state.broker, "your broker")
    parts = f"PostgreSQL, {broker}, nginx, workers, panel: {state.memory / 1e6:.0f} MB"
    screen.step("Start the services", seconds, parts)
    if plan.state.said:
        screen.note(plan.state.said)
    sandbox = state.document["sandbox"]
    screen.note(f"Projects run in the sandbox rung {sandbox}: docs/sandbox.md says what it holds apart")
    if sandbox in ("uid", "limits"):
        screen.note("This machine forbids sandboxes: going on with limits only, so deploy code you trust.")
        screen.note("What is missing and how to mend it: dz doctor")
    return _deployed(plan, screen)


def _started(layout: Layout, listen: str, screen: Screen) -> tuple[Plan, float]:
    """The running platform, and how long that took."""
    with screen.running("Start the services") as stage:

        def say(service: str, _seconds: float, detail: str) -> None:
            stage.detail = f"{service} {detail}"

        return up(layout, listen, say), stage.seconds


def _deployed(plan: Plan, screen: Screen) -> int:
    began = time.monotonic()
    url = f"file://{repository(plan.layout)}"
    with screen.running("Deploy hello") as stage:

        def on_output(some: bytes) -> None:
            for event in EVENT.findall(some.decode(errors="replace")):
                stage.detail = event

        finished = _dz(plan, ["deploy", url, "--name", NAME, "--json"], on_output)
    answer = json.loads(finished or "{}")
    if answer.get("error_id") == TAKEN:  # by its pushes, or from a clone: what the README says to try next
        screen.note(f"{NAME} is deployed from elsewhere by now, and is left as it is")
        listed = json.loads(_dz(plan, ["projects", "--json"], lambda _some: None) or "{}").get("projects", [])
        return _ended(plan, next((one["url"] for one in listed if one["name"] == NAME), None))
    if answer.get("state") != "succeeded":
        screen.failed("Deploy hello", time.monotonic() - began)
        for key in ("error", "where", "next"):
            if answer.get(key):
                screen.note(str(answer[key]))
        return 1
    detail = f"release {answer['release']}, answered 200"
    screen.step("Deploy hello", time.monotonic() - began, detail)
    return _ended(plan, answer["url"])


def _ended(plan: Plan, url: str | None) -> int:
    """What there is now, and what can be typed next."""
    launcher = dz()
    if url:
        print(f"hello is live   {url}")
    print(f"The panel       {admin_link(plan)}  makes you administrator; works once, for 30 minutes")
    print(f"Your project    {launcher} deploy https://...      Stop everything: make down")
    if launcher == "./dz":
        print('To type dz alone   export PATH="$PWD:$PATH"')
    for line in elsewhere.ways(plan.state, wheel=plan.nginx.origin == "wheel"):
        print(typed(line))
    return 0


def repository(layout: Layout) -> Path:
    """The sample as a repository whose HEAD is what the clone has now."""
    folder = layout.home / "demo" / NAME
    shutil.rmtree(folder / "hello", ignore_errors=True)
    shutil.copytree(ROOT / "sample" / NAME, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    git = ("git", "-c", "user.name=DjangoZoom", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false")
    env = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(layout.home)}
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "--allow-empty", "-m", "The sample"]):
        finished = run([*git, *words], deadline=60, cwd=folder, env=env)
        if not finished.ok:
            raise PlatformError(f"git {words[0]}: {finished.text[-300:]}")
    return folder


def _dz(plan: Plan, words: list[str], on_output: Callable[[bytes], None]) -> str:
    env = {"DZ_HOME": str(plan.layout.home), "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}
    argv = [sys.executable, "-P", "-m", "dz.cli", *words]
    return run(argv, deadline=DEADLINE, env=env, stderr_to=on_output, keep=1024 * 1024).text


def _launcher(plan: Plan) -> None:
    """``./dz`` in the clone: this platform's command line, from any folder; none where the clone is read-only."""
    words = shlex.join([sys.executable, "-P", "-m", "dz.cli"])
    home = shlex.quote(str(plan.layout.home))
    with suppress(OSError):
        LAUNCHER.write_text(f'#!/bin/sh\n{TYPED}="$0" DZ_HOME="${{DZ_HOME:-{home}}}" exec {words} "$@"\n')
        LAUNCHER.chmod(0o755)
