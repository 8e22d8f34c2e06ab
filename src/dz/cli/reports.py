"""``dz jobs``, ``job``, ``job cancel``, ``open``: what there is, and short acts on it."""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from typing import Any

from dz.cli.client import Api, Told
from dz.cli.ending import BY_STATE, DONE, tell
from dz.cli.following import Document, follow, step_line
from dz.cli.screen import Screen
from dz.cli.words import Column, table
from dz.errors import UserError
from dz.typed import typed
from dz.words import duration, kept

PAGE = 2000
WARNINGS = 6  # of a job, told at its end
NOTHING_TO_DO = "Not your fault, and nothing for you to do in the project."


def jobs(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.get("/jobs", project=args.name, limit=max(1, min(args.n, 200)))
    columns = [
        Column("job", right=True),
        Column("what", drop=2, cuts=True),
        Column("project", drop=0 if args.name else None),
        Column("state"),
        Column("took", right=True, drop=3),
        Column("when", drop=4),
        Column("error", drop=1),
    ]
    rows = [
        [
            str(one["job"]),
            _what(one),
            one["project"] or "-",
            one["state"],
            duration(one["seconds"]),
            ago(one["created_at"]),
            one["error_id"] or (f"waits for {one['waits_for']}" if one["waits_for"] else ""),
        ]
        for one in found
    ]
    if not rows:
        screen.say(typed("No jobs yet. Start with: dz deploy URL"))
    elif not args.json:
        for line in table(columns, rows, screen.width):
            screen.answer(line)
    return DONE, {"jobs": found}


def _what(job: Document) -> str:
    """The kind; of a command that somebody ran the command itself."""
    return str(job["steps"][0]["title"] if job["kind"] == "managepy_command" else job["kind"].replace("_", " "))


def job(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """Exit code by the job's state once it has ended, 0 while it goes on."""
    found = api.get(f"/jobs/{args.job}")
    if args.log or args.search:
        _log(args, api, screen)
        return DONE, None
    if args.follow:
        found = watched(args, api, screen, found)
    elif not args.json:
        _show(found, screen)
    return BY_STATE.get(found["state"], DONE), found


def cancel(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    found = api.post(f"/jobs/{args.job}/cancel")
    found = follow(api, found, screen, timeout=args.timeout)
    screen.say(f"Job {args.job} stopped after {duration(found['seconds'])}. {_live(found)}".rstrip())
    return (DONE if found["state"] == "cancelled" else BY_STATE[found["state"]]), found


def open_site(args: argparse.Namespace, api: Api, screen: Screen) -> tuple[int, Any]:
    """Prints the address; opens it where there is somebody to see it."""
    found = api.get(f"/projects/{args.name}")
    if not found["url"]:
        raise UserError("project.rests" if found["state"] == "deactivated" else "cli.not-live", name=args.name)
    if not args.json:
        screen.answer(found["url"])
        if screen.live and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            import webbrowser

            webbrowser.open(found["url"])
    return DONE, {"name": found["name"], "url": found["url"]}


def watched(args: argparse.Namespace, api: Api, screen: Screen, job: Document) -> Document:
    """The job at its end, which is told. Raises what ``follow`` raises."""
    interrupt = getattr(args, "cancel_on_interrupt", False)  # not every command has the option
    job = follow(api, job, screen, timeout=args.timeout, cancel_on_interrupt=interrupt)
    tell_ended(screen, job)
    return job


def tell_ended(screen: Screen, job: Document) -> None:
    """The last words about a job that has ended."""
    if job["state"] == "succeeded":
        _tell_success(screen, job)
    elif job["error"]:
        keys = ("error", "error_id", "where", "next")
        told = Told(**{key: job[key] for key in keys})
        tell(screen, told, live=_live(job), log=f" · log: dz job {job['job']} --log")
        if job["state"] == "errored":
            screen.say(f"  {NOTHING_TO_DO}")
        tell_warnings(screen, job)
    else:
        live = f" Live: {_live(job)}" if _live(job) else ""
        screen.say(f"Job {job['job']} ended: {job['state']}.{live}")


def _tell_success(screen: Screen, job: Document) -> None:
    sign = screen.sign("succeeded")
    if job["url"]:
        screen.say(f" {sign} {job['project']} is live after {duration(job['seconds'])}   release {job['release']}")
        if job["same_as"]:
            anew = typed(f"dz deploy {job['project']} --rebuild")
            screen.say(
                f"   Nothing changed since release {job['same_as']}: its bundle was taken. To build anew: {anew}"
            )
        tell_warnings(screen, job)
        screen.say(typed(f"   Next: dz logs {job['project']} -f · dz open {job['project']}"))
        if job["adminless"]:
            screen.say(typed(f"   Nobody may enter its admin yet: dz admin create {job['project']}"))
    elif job["kind"] == "destroy":
        screen.say(f" {sign} {job['project']} is gone after {duration(job['seconds'])}")


def tell_warnings(screen: Screen, job: Document) -> None:
    """What a person should know of a site that is live, or would be, all the same; or may be why it is not."""
    warnings = job["warnings"]
    for text in warnings[:WARNINGS]:
        screen.say(f"   {screen.paint('Note:', 'warn')} {text}")
    if len(warnings) > WARNINGS:
        screen.say(typed(f"   and {len(warnings) - WARNINGS} more: dz job {job['job']} --log"))


def _live(job: Document) -> str:
    live = job["live"]
    if job["kind"] == "check_repo":
        return ""
    if live is None:
        return f"nothing yet; {kept(job['steps'])}." if job["kind"] == "build_and_deploy" else ""
    if live["release"] == job["release"]:
        return f"release {live['release']} serves."
    return f"release {live['release']} serves as before; {kept(job['steps'])}."


def _show(job: Document, screen: Screen) -> None:
    commit = f" @ {job['commit'][:7]}" if job["commit"] else ""
    what = f"{job['kind'].replace('_', ' ')} {job['project'] or ''}"
    screen.answer(
        f"job {job['job']}   {what}  {job['ref'] or ''}{commit}   {job['state']}   {duration(job['seconds'])}"
    )
    for step in job["steps"]:
        screen.answer(step_line(screen, step))
    if job["waits_for"]:
        screen.answer(f"   waits for {job['waits_for']}")
    if job["error"]:
        tell_ended(screen, job)
    if job["url"]:
        screen.answer(f"   {job['url']}")


def _log(args: argparse.Namespace, api: Api, screen: Screen) -> None:
    """Every line; with ``-f`` until the job has ended."""
    after = 0
    while True:
        page = api.get(
            f"/jobs/{args.job}/log", after=after, limit=PAGE, wait=10 if args.follow else 0, search=args.search
        )
        for line in page["lines"]:
            screen.answer(json.dumps(line) if args.json else _log_line(line))
        after = page["after"]
        if page["ended"] or (len(page["lines"]) < PAGE and not args.follow):
            return


def _log_line(line: Document) -> str:
    clock = (line["at"] or "")[11:19]
    if line["kind"] == "part_begin":
        return f"{clock} ----> {line['part'] or line['text']}"
    if line["kind"] == "part_end":
        return f"{clock} <---- {line['part'] or line['text']}  {duration(line['seconds'])}"
    return f"{clock} {line['text']}"


def ago(at: str | None) -> str:
    if at is None:
        return "-"
    then = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    seconds = round((datetime.now(UTC) - then).total_seconds())
    if seconds < 5:
        return "now"
    return f"{seconds} s ago" if seconds < 60 else f"{duration(seconds)} ago"
