"""``dz git NAME``: a project that is deployed by ``git push dz main``, and a clone that knows where that is.

The token is in no URL and no file of the clone: Git asks ``dz.cli.credential`` for it, as its configuration says.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shlex
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dz.cli import clone, values
from dz.cli.client import Api, Refused
from dz.cli.ending import DONE
from dz.cli.screen import Screen
from dz.cli.where import Server, home
from dz.errors import UserError
from dz.typed import typed

GIT_BASE: dict[str, Any] = {"name": None, "url": None, "ref": None, "made": None, "remote": None}


def git(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, dict[str, Any]]:
    """The address to push to on stdout; the remote is added where there is a clone."""
    here = Path.cwd()
    clones = _in_a_clone(here)
    branch = clone.branch(here) if clones else ""
    if not args.yes:
        _meant(args, api, screen)
    found = api.post(f"/projects/{args.name}/git", {"ref": branch, "replace": args.yes})
    if not api.server.socket:  # from here the platform is where it was just asked
        found["url"] = f"{api.server.url}/git/{found['name']}.git"
    found["remote"] = args.remote if clones else None
    if found["made"]:
        screen.say(f"{found['name']} is a new project, deployed from the branch {found['ref']}.")
    if found["remote"]:
        before = _connect(here, args.remote, found["url"], api.server)
        if before not in ("", found["url"]):  # of another project, it may be, by a mistyped name
            screen.say(f"{args.remote} led to {before} before. As it was: git remote set-url {args.remote} {before}")
        what = found["ref"] if branch in ("", found["ref"]) else f"{branch}:{found['ref']}"
        if not clone.done(here, "ls-remote", "--", args.remote):  # asked now, so that the push meets no surprise
            screen.say(f"Git does not reach it yet; it says why: git ls-remote {args.remote}")
        screen.say(f"Deploy it with: git push {args.remote} {what}")
    else:
        screen.say(typed(f"{here} is no clone of it. There, dz git {found['name']} adds the remote."))
    if not args.json:
        screen.answer(found["url"])
    return DONE, found


def _meant(args: argparse.Namespace, api: Api, screen: Screen) -> None:
    """A project that there is, or one that a person wants made: a mistyped name would be one.

    Raises UserError push.new-project, cli.stopped."""
    try:
        api.get(f"/projects/{args.name}")
    except Refused as error:
        if error.told.error_id != "project.not-found":
            raise
        if args.json or not values.can_ask():
            raise UserError("push.new-project", name=args.name, found=error.told.error) from None
        # Then a mere Enter would be a project, and the clone's remote its.
        mistyped = bool(difflib.get_close_matches(args.name, [one["name"] for one in api.get("/projects")], n=1))
        screen.say(f"{error.told.error} Make a new one? {'[y/N]' if mistyped else '[Y/n]'}")
        if not values.agreed(default=not mistyped):
            raise UserError("cli.stopped", act="no project was made") from None


def _in_a_clone(folder: Path) -> bool:
    """DjangoZoom's own is none: nobody pushes from there."""
    try:
        return clone.refuse_own(folder) is not None
    except UserError:
        return False


def _connect(folder: Path, remote: str, url: str, server: Server) -> str:
    """The remote, and who tells its password; where it led before. Other helpers would be given it to keep, so there is
    none but ours."""
    known = clone.git(folder, "config", "--get", f"remote.{remote}.url")
    _set(folder, "remote", *(("set-url", remote, url) if known else ("add", "--", remote, url)))
    parts = urlsplit(url)
    key = f"credential.{parts.scheme}://{parts.netloc}.helper"
    _set(folder, "config", "--replace-all", key, "")
    _set(folder, "config", "--add", key, helper(server))
    return known or ""


def _set(folder: Path, *words: str) -> None:
    if not clone.done(folder, *words):
        raise UserError("cli.usage", detail=f"Git refused: git {shlex.join(words[:3])} ...", command="git")


def helper(server: Server) -> str:
    """The command line by which Git asks for the token of this very platform: where it is found, not what it is."""
    if server.socket:
        where = [f"DZ_HOME={home().absolute()}"]
    else:
        file = os.environ.get("DZ_TOKEN_FILE", "")
        where = [f"DZ_SERVER={server.url}", *([f"DZ_TOKEN_FILE={Path(file).absolute()}"] if file else [])]
    return "!" + shlex.join(["env", *where, sys.executable, "-I", "-m", clone.OURS])
