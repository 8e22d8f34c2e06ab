"""Toy jobs: every step appends one line to the file that the job's parameters name, and may be told to misbehave."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dz.errors import Transient, UserError
from dz.run import run
from dz.tasklib.context import Context
from dz.tasklib.pipeline import BUILD, PROXY, Pipeline, Step, Together


def work(ctx: Context) -> Mapping[str, Any]:
    """``params[step]``: what to do on the first attempt instead of nothing."""
    whim = str(ctx.params.get(ctx.step, "")) if ctx.attempt == 1 else ""
    if whim == "transient":
        raise Transient("it will pass")
    if whim == "user":
        raise UserError("platform.unexpected", where="shop/urls.py:3 import nothing", detail="a toy broke")
    if whim == "bug":
        raise RuntimeError("nobody foresaw this")
    if whim == "log":
        for i in range(500):
            ctx.log.output(f"line {i}\n".encode())
    _started(ctx)
    if ctx.params.get(ctx.step) == "command":
        _command(ctx)
    end = time.monotonic() + 60
    while whim == "wait" and time.monotonic() < end:
        ctx.check()
        time.sleep(0.02)
    effect(ctx)
    return {"by": os.getpid(), "collects": gc.isenabled()}


def _command(ctx: Context) -> None:
    """One that runs until the test lets it go. The first attempt never ends by itself."""
    go = f"{ctx.params['effects']}.go"
    ended = run(["sh", "-c", f'until [ -e "{go}" ]; do sleep 0.05; done'], deadline=90, cancelled=ctx.stop)
    while ctx.attempt == 1:
        time.sleep(0.02)
    if not ended.ok:
        raise RuntimeError(f"its command was killed: {ended.code}")


def _started(ctx: Context) -> None:
    """Whoever waits for it reads the pid; renamed, so that it is never half there."""
    place = Path(f"{ctx.params['effects']}.{ctx.job_id}.{ctx.step}")
    coming = Path(f"{place}.coming")  # the step's own: two of a job may begin at the same moment
    coming.write_text(str(os.getpid()))
    coming.rename(place)


def effect(ctx: Context) -> None:
    with Path(ctx.params["effects"]).open("a") as file:
        file.write(f"{ctx.job_id} {ctx.step}\n")


def step(name: str, queue: str, **more: Any) -> Step:
    return Step(name=name, title=f"Do {name}", queue=queue, timeout=120, run=work, **more)


BUILD_AND_DEPLOY = Pipeline(
    "build_and_deploy",
    step("build_bundle", BUILD),
    Together(step("bundle_upload", BUILD), step("create_database", BUILD)),
    step("proxy_update", BUILD, commits=True),
)
CHECK_REPO = Pipeline("check_repo", step("check_repo", BUILD), changes=False)
PROXIED = Pipeline("proxied", step("look", PROXY), changes=False)
DUMP = Pipeline("dump", step("dump", BUILD, alone=True), changes=False)
TERMINAL = Pipeline("terminal", step("terminal", BUILD, aside=True), changes=False)
PIPELINES = {p.kind: p for p in (BUILD_AND_DEPLOY, CHECK_REPO, PROXIED, DUMP, TERMINAL)}
