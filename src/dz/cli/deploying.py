"""``dz check`` and ``dz deploy``.

What was never live is checked first; what has no value is asked for at once, before anything is built. Without a
terminal and with ``--json`` nothing is asked: guesses are taken as ranked, a missing value is the error, with the whole
list.
"""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path
from typing import Any

from dz.cli import clone, values
from dz.cli.client import Api, Refused
from dz.cli.ending import BY_STATE, RELEASE_BASE
from dz.cli.following import Document, follow
from dz.cli.reports import ago, tell_ended, tell_warnings, watched
from dz.cli.screen import Screen
from dz.cli.words import cells
from dz.errors import UserError
from dz.typed import typed
from dz.words import CERTAIN, certainty, duration, listing

DEPLOY_BASE: dict[str, Any] = RELEASE_BASE | {"steps": [], "deployments": []}
SHOWN = {
    "project_root": "Folder",
    "python_version": "Python",
    "django_version": "Django",
    "settings_module": "Settings",
    "wsgi_application": "Application",
    "requirements_files": "Dependencies",
    "extras": "Extras",
    "database_engines": "Database",
    "services": "Services",
    "hooks": "Per release",
}


def check(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """Summary on stdout, of what was found before it failed too; 0 when the check succeeded."""
    target, ref = _target(args, api, screen)
    if not api.get("/projects", target=target):
        _refuse_pushed(args.target, args.name)
    screen.say(f"Checking {_shown(target)}")
    job = _checked(args, api, screen, target, ref)
    show_found(job, screen, screen.say if args.json else screen.answer)
    if job["state"] == "succeeded":
        _tell_verdict(job, screen)
    else:
        _tell_came_to_nothing(job, screen)
    return BY_STATE[job["state"]], job


def deploy(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Document]:
    """The site's URL on stdout; 0 exactly when it answers."""
    target, ref = _target(args, api, screen)
    given = values.collect(args.env, args.env_file, ask=not args.json)
    known = api.get("/projects", target=target)
    if not known:
        _refuse_pushed(args.target, args.name)
    screen.say(f"Deploying {_shown(target)}")
    if args.name:
        known = [one for one in known if one["name"] == args.name]
    if not known or not known[0]["release"]:
        checked = _checked(args, api, screen, target, ref)
        show_found(checked, screen, screen.say)
        if checked["state"] != "succeeded":
            _tell_came_to_nothing(checked, screen)
            return BY_STATE[checked["state"]], DEPLOY_BASE | checked
        given |= _asked(args, checked, given, screen)
        target = checked["project"]
    body = {"target": target, "name": args.name, "ref": ref, "variables": given, "rebuild": args.rebuild}
    body |= {"domains": args.domain} if args.domain else {}
    job = api.post("/deploy", body)
    _headline(job, screen)
    job = watched(args, api, screen, job)
    if job["state"] == "succeeded" and not args.json:
        screen.answer(job["url"])
    return BY_STATE[job["state"]], job


def _target(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[str, str]:
    """What to deploy and its ref: as typed, a folder's committed HEAD, or this clone's remote and branch."""
    if args.target is not None and not _is_folder(args.target):
        return args.target, args.ref
    if args.target is None:
        found = clone.here(Path.cwd())
    else:
        folder = Path(args.target).expanduser()
        if not folder.is_dir():
            raise UserError("cli.unreadable", file=args.target, reason="there is no such folder")
        found = clone.committed(folder)
    _tell_of_other(found, api, screen)
    if args.ref:
        return found.address, args.ref
    for sentence in found.left_out(pushed_only=args.target is None):
        screen.say(sentence)
    return found.address, found.ref


def _refuse_pushed(target: str | None, other: str | None) -> None:
    """A folder that pushes to a project is not made another one, unless it is given a name of its own: that would begin
    with no data.

    Raises UserError cli.pushed."""
    folder = Path(target or ".").expanduser()
    if target is None or _is_folder(target):
        remote, name = clone.pushed(folder)
        if name and other in (None, "", name):
            raise UserError("cli.pushed", folder=folder.resolve(), name=name, remote=remote)


def _is_folder(target: str) -> bool:
    return target.startswith((".", "/", "~"))


def _shown(target: str) -> str:
    """Without what may be a password: such an address is refused, but a log of CI would have it by then."""
    return re.sub(r"(https?://|ssh://[^/:@]*:)[^/]*@", r"\1...@", target)


def _tell_of_other(found: clone.Clone, api: Api, screen: Screen) -> None:
    """Of the project that is deployed from where this folder was cloned: the folder is never taken for it."""
    if found.address == found.remote or not found.remote:
        return
    with contextlib.suppress(Refused):  # no address that a platform takes: then there is none
        if others := api.get("/projects", target=found.remote):
            screen.say(f"This folder is a project of its own; {others[0]['name']} is deployed from {found.remote}.")


def _checked(args: argparse.Namespace, api: Api, screen: Screen, target: str, ref: str) -> Document:
    job = api.post("/check", {"target": target, "name": args.name, "ref": ref})
    if job["instead_of"]:
        screen.say(f"{job['project']} is this repository from now on: {job['instead_of']} could never be read.")
    _tell_of_earlier(job, screen)
    return follow(api, job, screen, timeout=args.timeout, cancel_on_interrupt=args.cancel_on_interrupt)


def _tell_of_earlier(job: Document, screen: Screen) -> None:
    """The name leads to this project now, and to nothing else."""
    if earlier := job.get("earlier"):
        name, made = job["project"], ago(earlier["created_at"])
        screen.say(f"Another {name} was destroyed; its last backup, made {made}, stays for 30 days.")
        screen.say(f"  The name is the new one's now. To have the backup, before {name} is used:")
        screen.say(typed(f"  dz destroy {name} --no-backup, then dz db download {name}"))


def _asked(args: argparse.Namespace, checked: Document, given: dict[str, str], screen: Screen) -> dict[str, str]:
    """Values for what has none: all asked at once; without a terminal the whole list is the error."""
    missing = [one for one in checked["missing"] if one["name"] not in given]
    if not missing:
        return {}
    if args.json or args.yes or not values.can_ask():
        raise values_missing("project.values-missing", checked["project"], missing)
    screen.say(f"{checked['project']} needs {len(missing)} value{'s'[: len(missing) > 1]}:")
    answers = {}
    for one in missing:
        screen.say(f"  {one['name']}   {one['where']}   {one['why']}".rstrip())
        answers[one["name"]] = values.ask_for(one["name"])
    return answers


def values_missing(id: str, project: str, missing: list[Document]) -> UserError:
    """The whole list, each with the line that reads it."""
    names = [one["name"] for one in missing]
    return UserError(
        id,
        where=" · ".join(f"{one['where']} {one['excerpt']}".strip() for one in missing),
        name=project,
        variables=listing(names),
        names=" ".join(names),
        options=" ".join(f"--env {name}" for name in names),
    )


def _headline(job: Document, screen: Screen) -> None:
    ref = f"  {job['ref']}" if job["ref"] else ""
    screen.say(f"{job['project']}{ref}   job {job['job']}   {job['page']}")


def show_found(job: Document, screen: Screen, write: Any) -> None:
    """The summary of a check, of what it found before it failed too."""
    if job["state"] == "succeeded" or job["guesses"]:
        summary(job, screen, write)


def summary(job: Document, screen: Screen, write: Any) -> None:
    ref = f"  {job['ref']}" if job["ref"] else ""
    commit = f" @ {job['commit'][:7]}" if job["commit"] else ""
    host = next((step["host"] for step in job["steps"] if step["host"]), "")
    write(f"{job['project']}{ref}{commit} · {duration(job['seconds'])}{' on ' + host if host else ''}")
    primary = {guess["field"]: guess for guess in job["guesses"] if guess["is_primary"]}
    for field, label in SHOWN.items():
        guess = primary.get(field)
        if guess and guess["value"]:
            others = [one for one in job["guesses"] if one["field"] == field and not one["is_primary"]]
            if items := _items(guess, others):
                for place, one in enumerate(items):
                    _write_row(write, screen, "" if place else label, _guess_cells(one, []))
                continue
            _write_row(write, screen, label, _guess_cells(guess, others if field in job["to_choose"] else []))
    for one in job["missing"]:
        _write_row(write, screen, "Needs a value", [one["name"], one["where"], one["why"]])
    for one in job.get("later", []):
        _write_row(write, screen, "Wanted later", [one["name"], one["where"], one["why"]])


def _items(guess: Document, others: list[Document]) -> list[Document]:
    """Of a primary that joins several, those, each with a reason of its own; nothing where there is but one."""
    own = {one["value"]: one for one in others}
    values = guess["value"].split("\n")
    return [own[value] for value in values] if len(values) > 1 and own.keys() >= set(values) else []


def _tell_verdict(job: Document, screen: Screen) -> None:
    """What stands between this check and a live site, and the command that goes on."""
    tell_warnings(screen, job)
    names = [one["name"] for one in job["missing"]]
    once = f"once {listing(names)} has a value" if len(names) == 1 else f"once {listing(names)} have values"
    options = "".join(f" --env {name}" for name in names)
    screen.say(typed(f"It would go live {once if names else 'now'}:   dz deploy {job['project']}{options}"))
    if names:
        screen.say(typed(f"Or it does without:   dz env leave {job['project']} {' '.join(names)}"))
    if later := [one["name"] for one in job.get("later", [])]:
        screen.say(
            f"No deploy waits for {listing(later)}: only code in use reads {'it' if len(later) == 1 else 'them'}."
        )
        screen.say(typed(f"  dz env set {job['project']} {later[0]} gives a value, dz env leave has it named no more."))
    if chosen := [SHOWN.get(field, field.replace("_", " ")) for field in job["to_choose"]]:
        screen.say(f"Taken as ranked: {listing(chosen)}. To choose otherwise: {job['form']}")


def _tell_came_to_nothing(job: Document, screen: Screen) -> None:
    """And, where the address was mistyped, what becomes of the project that it made."""
    tell_ended(screen, job)
    if job["never_read"]:
        name = job["project"]
        screen.say(typed(f"{name} is empty. To give it another address: dz deploy URL --name {name}"))
        screen.say(typed(f"To take it away: dz destroy {name}"))


def _write_row(write: Any, screen: Screen, label: str, row: list[str]) -> None:
    for line in cells(f"  {label:<14} ", row, screen.width):
        write(line)


def _guess_cells(guess: Document, others: list[Document]) -> list[str]:
    """Value, certainty and evidence; what else it may be, where a person should choose."""
    why = "" if guess["confidence"] >= CERTAIN else guess["basis"]["why"]
    value = guess["value"].replace("\n", ", ")
    if guess["field"] == "database_engines" and not value.startswith("postg"):
        value += ", here PostgreSQL"
    row = [f"{value:<24}", f"{certainty(guess['confidence']):<8}", _place(guess), why]
    return row + [f"or {one['value'] or 'the root'}, {_place(one)}".rstrip(", ") for one in others]


def _place(guess: Document) -> str:
    basis = guess["basis"]
    return f"{basis['file']}:{basis['line']}" if basis["line"] else str(basis["file"])
