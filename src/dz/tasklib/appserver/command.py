"""A command of a person in the live release's sandbox and environment, with the code in a copy of its own: a deploy
that passes meanwhile takes nothing from under it, and what it writes beside the code goes with it.

Promises: it is run once, whatever dies; its output is in the job's log; its exit code is told. Whoever typed it and is
gone takes it along.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dz.errors import Cancelled, PlatformError, UserError
from dz.seams.sandbox import Box
from dz.tasklib import unsynced
from dz.tasklib.appserver.attached import Attached
from dz.tasklib.appserver.deployments import hide_secrets, site_of
from dz.tasklib.appserver.site import Site, lay
from dz.tasklib.context import Context
from dz.tasklib.folders import clear
from dz.tasklib.locks import at_once, held
from dz.terminal import Gone, dial

APART = "command-"
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,40}")


def managepy_command(ctx: Context) -> Mapping[str, Any]:
    """Run it to its end. Raises ``run.failed`` for a code that is not 0."""
    shown = said(ctx.params)
    if ctx.attempt > 1:
        raise UserError("run.interrupted", command=shown)
    running = ctx.door.live_here()
    if running is None:
        raise UserError("release.none-live", name=ctx.door.project().name)
    site = replace(site_of(ctx, running), apart=f"{APART}{ctx.job_id}")
    ctx.log.title(shown)
    ctx.log.note(f"$ {shown}")
    hide_secrets(ctx, running)
    with _laid(ctx, site):
        code = _run(ctx, site)
    if code:
        raise UserError("run.failed", command=shown, code=code, job=ctx.job_id)
    return {"code": 0}


def said(params: Mapping[str, Any]) -> str:
    """The command as it is shown."""
    return shlex.join([params["program"], *params["argv"]])


@contextmanager
def _laid(ctx: Context, site: Site) -> Iterator[None]:
    """The code's copy, while this lasts; copies of those who died without a word go first."""
    folders = site.place.folders
    for left in folders.runs(site.app_id).glob(f"{APART}*"):
        with at_once(_lock(site, left.name)) as free:
            if free:
                clear(left)
                _lock(site, left.name).unlink(missing_ok=True)
    with held(ctx, _lock(site, site.apart), most=60):
        with held(ctx, folders.layers_lock(site.app_id)):
            _require_layers(site)
            lay(site, ctx.seams.sandbox)
        try:
            yield
        finally:
            clear(site.folder)
            _lock(site, site.apart).unlink(missing_ok=True)


def _require_layers(site: Site) -> None:
    """The site runs, so they are here; and a forked process can't ask the store (see ``bundles.py``)."""
    home = site.place.folders.home
    for layer in site.layers:
        if not unsynced.is_whole(home, layer):
            raise PlatformError(f"{layer.relative_to(home)} of the live release is not on this host")


def _lock(site: Site, name: str) -> Path:
    lock = site.place.folders.lock(site.app_id)
    return lock.with_name(f"{lock.name}.{name.partition('.')[0]}")


def _run(ctx: Context, site: Site) -> int:
    """The exit code, as a shell tells it."""
    program, terminal = ctx.params["program"], bool(ctx.params["terminal"])
    words = ("command", "terminal" if terminal else "pipes", program.removesuffix(".py"), *ctx.params["argv"])
    box = _equipped(ctx, site.box(*words, kill_id=ctx.kill_id), terminal=terminal)
    if not ctx.params["attached"]:
        finished = ctx.seams.sandbox.run(box, deadline=ctx.left(), on_output=ctx.log.output, cancelled=ctx.stop)
        return _as_shells_say(finished.code)
    try:
        line = dial(ctx.job_id, ctx.door.ticket().reveal(), url=_panel(ctx), socket=ctx.settings.panel_socket)
    except Gone as error:
        raise UserError("run.no-terminal", host=ctx.host, reason=error) from None
    attached = Attached(line, log=ctx.log.output, size=_size(ctx) if terminal else None, stop=ctx.stop)
    try:
        finished = attached.run(
            lambda stdio: ctx.seams.sandbox.run(box, deadline=ctx.left(), stdio=stdio, cancelled=attached.over)
        )
    except Cancelled:
        if attached.abandoned:
            ctx.log.note("Whoever typed this is gone; the command was ended.", level="warning")
        raise
    code = _as_shells_say(finished.code)
    attached.ended(code)
    return code


def _size(ctx: Context) -> tuple[int, int]:
    rows, columns = ctx.params["size"]
    return rows, columns


def _equipped(ctx: Context, box: Box, *, terminal: bool) -> Box:
    """What only a person's command needs: the kind of terminal, and psql for dbshell."""
    env, read = dict(box.env), box.read
    term = str(ctx.params.get("term", ""))
    if terminal and _TERM.fullmatch(term):
        env["TERM"] = term
    psql = Path(ctx.settings.psql)
    if ctx.settings.psql and psql.exists():
        env["PATH"] = f"{psql.parent}:/usr/local/bin:/usr/bin:/bin"
        read = (*read, psql.parent.parent)
    return replace(box, env=env, read=read)


def _panel(ctx: Context) -> str:
    return ctx.settings.panel_url or "http://localhost"


def _as_shells_say(code: int) -> int:
    return code if code >= 0 else 128 - code
