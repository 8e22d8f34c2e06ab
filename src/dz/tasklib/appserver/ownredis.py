"""A project's own Redis on its appserver: one server for one project, under its uid, in the sandbox, on loopback.

It runs while the live release asks for it (``services`` of the build config) and the project names no Redis of its own
in its variables; it outlives releases, and its data is on the disk. Level-triggered, like the deployments it is beside.
A host without the program says so and goes on: the site then does without, as far as it can.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from dz.errors import Transient
from dz.names import AppId
from dz.seams.sandbox import Box, Network, network
from dz.seams.supervisor import Program
from dz.tasklib.appserver import ports
from dz.tasklib.appserver.listening import has_port
from dz.tasklib.appserver.supervising import supervisor
from dz.tasklib.context import Context
from dz.tasklib.filled import REDIS_AT, wants_redis
from dz.tasklib.folders import Folders, clear, fresh, passable
from dz.tasklib.locks import held
from dz.tasklib.records import Redis, redis_program
from dz.until import until

ANSWERS = 20.0  # seconds until it takes connections; what it has on the disk is read before
HELD = "redis.port."  # and the port: a file for as long as the firewall keeps it for the project


def have(ctx: Context) -> None:
    """Have it running before this job's release starts; the caller holds the project's lock."""
    release = ctx.door.release()
    wanted = wants_redis(release.build_config, release.environment)
    allowed = ports.parse(ctx.settings.ports)
    redis = ctx.door.redis_here(wanted=wanted, ports=allowed)
    if redis is None:
        return
    while not (_listens(ctx, redis) or ports.is_free(REDIS_AT, redis.port)):
        ctx.check()
        ctx.log.note(f"port {redis.port} is used by another program of this host, trying the next for Redis")
        stop(ctx, redis.app_id)
        redis = ctx.door.redis_at_another_port(ports=range(redis.port + 1, allowed.stop))
    ctx.log.hide("Redis password", redis.password.reveal())
    name = ctx.door.project().name
    try:
        runs = run(ctx, redis)
    except Transient:
        ctx.log.note(f"what the project's Redis wrote: dz logs {name} --process redis", level="warning")
        raise
    if not runs:
        ctx.log.note(
            "the project asks for Redis, and this host has no valkey-server or redis-server. Install one, or give one:"
            f" dz env set {name} REDIS_URL",
            level="warning",
        )
        return
    ctx.log.note(f"Redis of the project runs at {REDIS_AT}:{redis.port}, {ctx.settings.redis_memory} MB at most")


def rest(ctx: Context) -> None:
    """Stop it where the live release does without, or the project rests; its data stays until destroy."""
    app_id = ctx.door.project().app_id
    with held(ctx, Folders(ctx.settings.home).lock(app_id)):
        if ctx.door.redis_rests():
            stop(ctx, app_id)


def run(ctx: Context, redis: Redis) -> bool:
    """Have it running and answering; False where this host has no such program. Raises Transient if it does not."""
    program = server(ctx)
    if program is None:
        return False
    folders = Folders(ctx.settings.home)
    text = config(redis, folders.redis(redis.app_id), ctx.settings.redis_memory)
    file = _place(folders, redis) / "redis.conf"
    if not file.exists() or file.read_text() != text:
        stop(ctx, redis.app_id)
        _lay(ctx, folders, redis, text)
    data = folders.redis(redis.app_id)
    if not data.exists():  # new, or deleted since: it starts with nothing then, and does start
        _give(ctx, redis, data)
    if (uid := ctx.seams.sandbox.uid(redis.app_id)) is not None:
        (folders.runs(redis.app_id) / f"{HELD}{redis.port}").touch()
        network.let_own(ctx.settings.uid_base, uid, redis.port)
    box = Box(
        argv=(str(program), str(file)),
        app_id=redis.app_id,
        cwd=data,
        read=(program.parent, file.parent),
        writable=(data,),
        network=Network.SITE,
    )
    argv = ctx.seams.sandbox.site(box, address=REDIS_AT, port=None, spec=_spec(folders, redis))
    log = folders.runs(redis.app_id) / "log" / f"{redis.program}.log"
    supervisor(ctx).start(Program(name=redis.program, argv=tuple(argv), cwd=ctx.settings.home, log=log))
    _see_it_answer(ctx, redis)
    return True


def stop(ctx: Context, app_id: AppId) -> None:
    """It leaves its port, which may become another project's: the firewall lets others answer there again."""
    supervisor(ctx).stop(redis_program(app_id))
    uid = ctx.seams.sandbox.uid(app_id)
    for one in Folders(ctx.settings.home).runs(app_id).glob(f"{HELD}*"):
        if uid is not None:
            network.take_own(ctx.settings.uid_base, uid, int(one.name.removeprefix(HELD)))
        one.unlink()


def holders(ctx: Context) -> set[AppId]:
    """Of a port of this host, whatever the rows say: a project that moved has left it to us."""
    return {AppId(held.parent.name) for held in (ctx.settings.home / "run").glob(f"*/{HELD}*")}


def server(ctx: Context) -> Path | None:
    """The program on this host."""
    named = ctx.settings.redis_server or shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(named).resolve() if named else None


def config(redis: Redis, data: Path, megabytes: int) -> str:
    """Its file, which holds the password. A queue is kept on the disk and never thrown away for want of memory: only
    what has a time to live is, as a cache's entries have. What reaches beyond the project's own keys is refused."""
    lines = {
        "bind": REDIS_AT,
        "port": str(redis.port),
        "dir": str(data),
        "daemonize": "no",
        "maxclients": "4000",  # of the 4096 files that its box may have open
        "maxmemory": f"{megabytes}mb",
        "maxmemory-policy": "volatile-lru",
        "appendonly": "yes",
        "save": '""',
        "user": f"default on >{redis.password.reveal()} ~* &* +@all -@admin +client -migrate",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _lay(ctx: Context, folders: Folders, redis: Redis, text: str) -> None:
    """The file, closed to all but the project's uid."""
    passable(folders.runs(redis.app_id))
    (folders.runs(redis.app_id) / "log").mkdir(mode=0o700, exist_ok=True)
    _give(ctx, redis, _place(folders, redis), {"redis.conf": text})


def _give(ctx: Context, redis: Redis, folder: Path, files: Mapping[str, str] | None = None) -> None:
    coming = fresh(folder.with_name(f"{folder.name}.coming"), 0o700)
    for name, text in (files or {}).items():
        (coming / name).touch(0o600)
        (coming / name).write_text(text)
    ctx.seams.sandbox.own(coming, redis.app_id)
    clear(folder)
    coming.rename(folder)


def _place(folders: Folders, redis: Redis) -> Path:
    return folders.runs(redis.app_id) / "redis"


def _spec(folders: Folders, redis: Redis) -> Path:
    return folders.runs(redis.app_id) / f"{redis.program}.spec"


def _listens(ctx: Context, redis: Redis) -> bool:
    """Whether it is its own program that has the port: a stranger that came first would be told the password."""
    return has_port(supervisor(ctx).status().get(redis.program), REDIS_AT, redis.port)


def _see_it_answer(ctx: Context, redis: Redis) -> None:
    def answers() -> bool:
        ctx.check()
        return _listens(ctx, redis) and _answers(redis)

    if not until(answers, ctx.left(ANSWERS), every=0.05):
        raise Transient(f"the project's Redis does not answer at {REDIS_AT}:{redis.port}")


def _answers(redis: Redis) -> bool:
    try:
        with socket.create_connection((REDIS_AT, redis.port), 2) as client:
            client.sendall(f"AUTH {redis.password.reveal()}\r\nPING\r\n".encode())
            return b"+PONG" in _said(client)
    except OSError:
        return False


def _said(client: socket.socket) -> bytes:
    said = b""
    while said.count(b"\r\n") < 2 and (piece := client.recv(1024)):
        said += piece
    return said
