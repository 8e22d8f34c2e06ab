"""``dz check`` and ``dz deploy``.

A new project is checked first; what has no value is asked for at once, before anything is built. Without a terminal and
with ``--json`` nothing is asked: guesses are taken as ranked, a missing value is the error, with the whole list.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dz.cli import clone, values
from dz.cli.client import Api
from dz.cli.ending import BY_STATE
from dz.cli.following import Document, follow
from dz.cli.reports import tell_ended
from dz.cli.screen import Screen
from dz.cli.words import cut, listing
from dz.errors import UserError
from dz.words import certainty, duration

DEPLOY_BASE: dict[str, Any] = {"job": None, "state": None, "url": None, "seconds": None, "release": None}
DEPLOY_BASE |= {"steps": [], "deployments": []}
SHOWN = {
    "project_root": "Folder",
    "python_version": "Python",
    "django_version": "Django",
    "settings_module": "Settings",
    "wsgi_application": "Application",
    "requirements_files": "Dependencies",
    "database_engines": "Database",
    "services": "Services",
}


def check(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """Summary on stdout; 0 when the check succeeded."""
    target, ref = _target(args, screen)
    screen.say(f"Checking {target}")
    job = _checked(args, api, screen, target, ref)
    if job["state"] == "succeeded":
        _summary(job, screen, screen.say if args.json else screen.answer)
        options = "".join(f" --env {one['name']}" for one in job["missing"])
        once = f"once {listing([one['name'] for one in job['missing']])} has a value" if job["missing"] else "now"
        screen.say(f"It would go live {once}:   dz deploy {job['project']}{options}")
    else:
        tell_ended(screen, job)
    return BY_STATE[job["state"]], job


def deploy(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """The site's URL on stdout; 0 exactly when it answers."""
    target, ref = _target(args, screen)
    given = values.collect(args.env, args.env_file, ask=not args.json)
    screen.say(f"Deploying {target}")
    known = api.get("/projects", target=target)
    if args.name:
        known = [one for one in known if one["name"] == args.name]
    if not known or not known[0]["checked"]:
        checked = _checked(args, api, screen, target, ref)
        if checked["state"] != "succeeded":
            tell_ended(screen, checked)
            return BY_STATE[checked["state"]], DEPLOY_BASE | checked
        _summary(checked, screen, screen.say)
        given |= _asked(args, checked, given, screen)
        target = checked["project"]
    job = api.post("/deploy", {"target": target, "name": args.name, "ref": ref, "variables": given})
    _headline(job, screen)
    job = follow(api, job, screen, timeout=args.timeout, cancel_on_interrupt=args.cancel_on_interrupt)
    tell_ended(screen, job)
    if job["state"] == "succeeded" and not args.json:
        screen.answer(job["url"])
    return BY_STATE[job["state"]], job


def _target(args: argparse.Namespace, screen: Screen) -> tuple[str, str]:
    """What to deploy and its ref: as typed, a folder's committed HEAD, or this clone's remote and branch."""
    if args.target is None:
        found = clone.here(Path.cwd())
        if found.unpushed:
            screen.say(f"{found.unpushed} {'commit is' if found.unpushed == 1 else 'commits are'} not pushed.")
        return found.remote, args.ref or found.branch
    if args.target.startswith((".", "/", "~")) and Path(args.target).expanduser().is_dir():
        address, head = clone.committed(Path(args.target).expanduser())
        return address, args.ref or head
    return args.target, args.ref


def _checked(args: argparse.Namespace, api: Api, screen: Screen, target: str, ref: str) -> Document:
    job = api.post("/check", {"target": target, "name": args.name, "ref": ref})
    return follow(api, job, screen, timeout=args.timeout, cancel_on_interrupt=args.cancel_on_interrupt)


def _asked(args: argparse.Namespace, checked: Document, given: dict[str, str], screen: Screen) -> dict[str, str]:
    """Values for what has none: all asked at once; without a terminal the whole list is the error."""
    missing = [one for one in checked["missing"] if one["name"] not in given]
    if not missing:
        return {}
    if args.json or args.yes or not values.can_ask():
        names = [one["name"] for one in missing]
        raise UserError(
            "project.values-missing",
            where=" · ".join(f"{one['where']} {one['excerpt']}".strip() for one in missing),
            name=checked["project"],
            variables=listing(names),
            options=" ".join(f"--env {name}" for name in names),
        )
    screen.say(f"{checked['project']} needs {len(missing)} value{'s'[: len(missing) > 1]}:")
    answers = {}
    for one in missing:
        screen.say(f"  {one['name']}   {one['where']}   {one['why']}".rstrip())
        answers[one["name"]] = values.ask_for(one["name"])
    return answers


def _headline(job: Document, screen: Screen) -> None:
    ref = f"  {job['ref']}" if job["ref"] else ""
    screen.say(f"{job['project']}{ref}   job {job['job']}   {job['page']}")


def _summary(job: Document, screen: Screen, write: Any) -> None:
    commit = f" @ {job['commit'][:7]}" if job["commit"] else ""
    host = next((step["host"] for step in job["steps"] if step["host"]), "")
    write(f"{job['project']}  {job['ref']}{commit} · {duration(job['seconds'])}{' on ' + host if host else ''}")
    primary = {guess["field"]: guess for guess in job["guesses"] if guess["is_primary"]}
    for field, label in SHOWN.items():
        guess = primary.get(field)
        if guess and guess["value"]:
            write(_guess_line(label, guess["value"].replace("\n", ", "), guess, screen.width))
    for one in job["missing"]:
        write(f"  {'Needs a value':<14} {one['name']}   {one['where']}   {one['why']}".rstrip())


def _guess_line(label: str, value: str, guess: Document, width: int) -> str:
    basis = guess["basis"]
    place = f"{basis['file']}:{basis['line']}" if basis["line"] else basis["file"]
    line = f"  {label:<14} {value:<24}   {certainty(guess['confidence']):<8}   {place}".rstrip()
    why = "" if guess["confidence"] >= 0.95 else f"   {basis['why']}"
    return line + cut(why, max(width - len(line), 0)) if why else line
