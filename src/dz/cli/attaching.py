"""``dz run`` and ``dz admin create``: a command in a project's live release, typed at from here.

With a terminal on both sides of ``dz`` the command has one too, and every key goes to it; else its input and output are
pipes, each its own, and Ctrl-C goes to it as a signal. The exit code is the command's own; NEVER if it never started.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
import time
from dataclasses import dataclass
from typing import Any

from dz.administrator import none_made, path_of, told
from dz.cli.client import Api, Refused, Told, Unreachable
from dz.cli.ending import BY_STATE, DONE, FAILED, tell
from dz.cli.following import Document
from dz.cli.keyboard import Keyboard
from dz.cli.screen import Screen
from dz.errors import UserError
from dz.terminal import STDERR, STDOUT, Gone, Line, dial
from dz.typed import typed

NEVER = 125
KILLED = 137  # as a shell tells SIGKILL
ASK = 1.0  # how often the job is asked for while the command has not started
PATIENCE = 3.0  # seconds until that is explained
MOST = 1024 * 1024  # bytes of output in a document

RUN_BASE: dict[str, Any] = {"job": None, "state": None, "code": None, "output": None}
ADMIN_CREATE_BASE: dict[str, Any] = dict.fromkeys(
    ("job", "state", "name", "password", "url", "link", "expires_at", "filled")
)


def run(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    if not args.command:
        raise UserError("cli.usage", detail="What to run stands after --, like: -- manage.py check", command="run")
    terminal = not args.json and sys.stdin.isatty() and sys.stdout.isatty()
    output = bytearray()
    keyboard = Keyboard(terminal=terminal)
    asked = Asked(name=args.name, command=args.command, keyboard=keyboard, output=output if args.json else None)
    job, code = _typed_at(asked, api, screen)
    if args.json:
        document = _ended(api, job)
        return code, document | {"code": code, "output": output.decode(errors="replace")}
    return code, {}


def admin_create(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """A link, behind which a person chooses; or who is named here, at once."""
    if args.username or args.email:
        return _admin_created(args, api, screen)
    made = api.post(f"/projects/{args.name}/administrator-link")
    if not args.json:
        screen.say(
            f"Whoever opens this first becomes administrator of {args.name}, until {made['expires_at'][11:16]} UTC:"
        )
        screen.answer(made["link"])
    return DONE, ADMIN_CREATE_BASE | made


def _admin_created(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """The password is made here, goes in as the command's input, and is shown once: nothing keeps it."""
    password = secrets.token_urlsafe(12)
    output, said = bytearray(), bytearray()
    keyboard = Keyboard(terminal=False, given=f"{password}\n".encode())
    name = args.username or "admin"
    words = ["admin", f"username={name}", f"email={args.email or ''}", f"*={name}"]
    asked = Asked(name=args.name, command=words, keyboard=keyboard, output=output, errors=said)
    job, code = _typed_at(asked, api, screen)
    if code == NEVER:
        return FAILED, ADMIN_CREATE_BASE | {"job": job, "state": "failed"}
    if code:
        why = said.decode(errors="replace").strip().rpartition("\n")[2] or "the command failed."
        raise none_made(args.name, told(output.decode(errors="replace"), "lacks", "userless"), why)
    made = _made(args.name, bytes(output))
    site = api.get(f"/projects/{args.name}")["url"] or ""
    url = site.rstrip("/") + made["path"] if made["path"] else None
    if not args.json:
        _tell_created(screen, args.name, made, password, url)
    whole = {"job": job, "state": "succeeded", "name": made["name"], "password": password, "url": url}
    return DONE, ADMIN_CREATE_BASE | whole | {"filled": made["filled"]}


def _made(project: str, output: bytes) -> Document:
    made = told(output.decode(errors="replace"), "name")
    if not made:
        raise UserError("run.admin-unsure", name=project)
    filled = made.get("filled")
    return {
        "name": str(made["name"]),
        "path": path_of(made),
        "filled": [str(one) for one in filled] if isinstance(filled, list) else [],
    }


def _tell_created(screen: Screen, project: str, made: Document, password: str, url: str | None) -> None:
    screen.say(f"{made['name']} is administrator of {project}. The password is shown this once:")
    screen.answer(password)
    screen.say(f"Sign in: {url}" if url else "Its admin has no address in its urls.")
    if filled := ", ".join(made["filled"]):
        screen.say(f"Its user model also wants {filled}: the user name stands there until you change it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``output`` and ``errors`` collect what the command writes, instead of its being shown."""

    name: str
    command: list[str]
    keyboard: Keyboard
    output: bytearray | None = None
    errors: bytearray | None = None

    def body(self) -> dict[str, Any]:
        rows, columns = self.keyboard.size()
        kind = {"terminal": self.keyboard.terminal, "term": os.environ.get("TERM", "")[:40]}
        return {"command": self.command, "attached": True, "rows": rows, "columns": columns, **kind}


def _typed_at(asked: Asked, api: Api, screen: Screen) -> tuple[int, int]:
    """Run it to its end: the job's number and the exit code."""
    job = api.post(f"/projects/{asked.name}/run", asked.body())
    number = int(job["job"])
    line = _line(api, number, screen)
    if line is None:
        return number, NEVER
    try:
        if not _met(api, number, line, screen):
            return number, NEVER
        with asked.keyboard.at(line):
            code = _shown(line, asked)
    except KeyboardInterrupt:
        _cancel(api, number)
        screen.say(f"Job {number} is cancelled; its command was not started.")
        return number, NEVER
    finally:
        line.close()
    return number, _lost(api, number, screen) if code is None else code


def _line(api: Api, number: int, screen: Screen) -> Line | None:
    """To the relay; None, and why is said, for a job that has ended already. Raises Unreachable."""
    server = api.server
    try:
        return dial(number, server.token, url="http://localhost" if server.socket else server.url, socket=server.socket)
    except Gone as error:
        job = api.get(f"/jobs/{number}")
        if job["state"] not in BY_STATE:
            raise Unreachable(server, str(error)) from None
        _tell(screen, job)
        return None


def _met(api: Api, number: int, line: Line, screen: Screen) -> bool:
    """Whether the command is there; what it waits for is said, and what stops it."""
    said, began = "", time.monotonic()
    while True:
        lost = ""
        try:
            heard = line.hear(ASK)
        except Gone as error:
            heard, lost = None, str(error) or "it was closed"
        if isinstance(heard, dict) and heard.get("met"):
            return True
        job = api.get(f"/jobs/{number}")
        if job["state"] in BY_STATE:
            _tell(screen, job)
            return False
        if lost:
            _cancel(api, number)
            raise Unreachable(api.server, lost)
        why = job["waits_for"] or ("its appserver, which is busy" if time.monotonic() - began > PATIENCE else "")
        waits = why.split(" for ")[0]  # without how long
        if waits and waits != said:
            screen.say(f"waits for {why}")
        said = waits


def _cancel(api: Api, number: int) -> None:
    with contextlib.suppress(Refused, Unreachable):
        api.post(f"/jobs/{number}/cancel")


def _shown(line: Line, asked: Asked) -> int | None:
    """Write what comes until the exit code does; None where it never came."""
    try:
        while True:
            heard = line.hear(ASK)
            if isinstance(heard, tuple):
                stream, piece = heard
                _write(stream, piece, asked.output if stream == STDOUT else asked.errors)
                line.tell(took=len(piece))
            elif heard is not None and "exit" in heard:
                return int(heard["exit"])
    except Gone:
        return None


def _write(stream: int, piece: bytes, into: bytearray | None) -> None:
    if into is not None:
        into += piece[: max(0, MOST - len(into))]
        return
    fd = (sys.stderr if stream == STDERR else sys.stdout).fileno()
    while piece:
        piece = piece[os.write(fd, piece) :]


def _lost(api: Api, number: int, screen: Screen) -> int:
    """The code after a connection that ended without one, as far as the platform knows it."""
    job = _ended(api, number)
    if job.get("state") == "cancelled":
        screen.say(f"The command was ended: job {number} was cancelled, or the connection to it lost.")
    elif job.get("code") is None and job.get("error"):
        _tell(screen, job)
    elif job.get("code") is None:
        tell(screen, Told.of(UserError("run.lost", job=number)))
    code = job.get("code")
    return KILLED if code is None else int(code)


def _ended(api: Api, number: int) -> Document:
    """The job's document, at its end if that comes soon: the code is known before the row."""
    end = time.monotonic() + 10
    job: Document = {}
    with contextlib.suppress(Refused, Unreachable):
        while time.monotonic() < end:
            job = api.get(f"/jobs/{number}", seen=job.get("seen"), wait="2", lines="false")
            if job["state"] in BY_STATE:
                break
    return job or {"job": number}


def _tell(screen: Screen, job: Document) -> None:
    if job["error"]:
        keys = ("error", "error_id", "where", "next")
        tell(screen, Told(**{key: job[key] for key in keys}))
    else:
        screen.say(typed(f"Job {job['job']} ended before the command began: {job['state']}."))
