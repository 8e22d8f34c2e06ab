"""``make demo``: the services started, the bundled sample site deployed, and what to do next.

The sample becomes a Git repository of its own and is deployed by the command line like anybody's.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dz
from dz.errors import PlatformError
from dz.local.administration import admin_link
from dz.local.layout import Layout
from dz.local.screen import Screen
from dz.local.services import Plan
from dz.local.status import report
from dz.local.up import up
from dz.run import run

ROOT = Path(dz.__file__).parent.parent.parent  # of the clone
NAME = "hello"
DEADLINE = 600.0
NAMES = {"postgres-zoomdb": "PostgreSQL", "broker": "broker", "nginx": "nginx"}


def demo(layout: Layout, listen: str, screen: Screen) -> int:
    """The exit code of ``dz deploy``; each step told as it ends."""
    began = time.monotonic()
    plan = up(layout, listen, lambda *_: None)
    state = report(plan)
    broker = {"valkey": "Valkey", "rabbitmq": "RabbitMQ"}.get(plan.state.broker, "your broker")
    parts = f"PostgreSQL, {broker}, nginx, workers, panel: {state.memory / 1e6:.0f} MB"
    screen.step("Start the services", time.monotonic() - began, parts)
    if plan.state.said:
        screen.note(plan.state.said)
    sandbox = state.document["sandbox"]
    screen.note(f"Projects run in the sandbox rung {sandbox}: docs/sandbox.md says what it holds apart")
    if sandbox in ("uid", "limits"):
        screen.note("This machine forbids sandboxes: going on with limits only, so deploy code you trust.")
        screen.note("What is missing and how to mend it: ./dz doctor")
    return _deployed(plan, screen)


def _deployed(plan: Plan, screen: Screen) -> int:
    began = time.monotonic()
    url = f"file://{_repository(plan.layout)}"
    finished = _dz(plan, ["deploy", url, "--name", NAME, "--json"], lambda _: None)
    answer = json.loads(finished or "{}")
    if answer.get("state") != "succeeded":
        screen.failed("Deploy hello", time.monotonic() - began)
        for key in ("error", "where", "next"):
            if answer.get(key):
                screen.note(str(answer[key]))
        return 1
    detail = f"release {answer['release']}, answered 200"
    screen.step("Deploy hello", time.monotonic() - began, detail)
    launcher = _launcher(plan)
    print(f"hello is live   {answer['url']}")
    print(f"The panel       {admin_link(plan)}  makes you administrator; works once, for 30 minutes")
    print(f"Your project    {launcher} deploy https://...      Stop everything: make down")
    if launcher == "./dz":
        print('To type dz alone   export PATH="$PWD:$PATH"')
    if os.environ.get("SSH_CONNECTION"):
        port = plan.state.port
        print(f"On your own computer: ssh -L {port}:127.0.0.1:{port} you@this-host, then open the same address.")
    return 0


def _repository(layout: Layout) -> Path:
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


def _dz(plan: Plan, words: list[str], on_line: Callable[[bytes], None]) -> str:
    env = {"DZ_HOME": str(plan.layout.home), "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}
    argv = [sys.executable, "-m", "dz.cli", *words]
    return run(argv, deadline=DEADLINE, env=env, stderr_to=on_line, keep=1024 * 1024).text


def _launcher(plan: Plan) -> str:
    """``./dz`` in the clone: this platform's command line, from any folder; its path where the clone is read-only."""
    words = [sys.executable, "-m", "dz.cli"]
    home = shlex.quote(str(plan.layout.home))
    text = f'#!/bin/sh\nDZ_HOME="${{DZ_HOME:-{home}}}" exec {shlex.join(words)} "$@"\n'
    path = ROOT / "dz"
    try:
        path.write_text(text)
        path.chmod(0o755)
    except OSError:
        return shlex.join(words)
    return "./dz" if Path.cwd() == ROOT else str(path)
