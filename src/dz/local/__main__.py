"""``python -m dz.local COMMAND``: what ``dz up``, ``down``, ``status``, ``doctor`` and the Makefile run.

stdout is the answer (one JSON document with ``--json``, also on failure), stderr the talk. Exit: 0, 1 for what its
owner can mend, 2 for wrong use, 3 when the platform is down or broken, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from dz.unneeded import uncollected

with uncollected():
    from dz import source
    from dz.errors import DzError, UserError
    from dz.local import administration, demo, doctor, elsewhere, keys, planning, prepare, psql, public, status
    from dz.local.down import down
    from dz.local.layout import Layout, default_home
    from dz.local.screen import Screen, since
    from dz.local.state import known
    from dz.local.up import up
    from dz.words import size

Answer = tuple[int, dict[str, Any]]
BROKEN = 3
STARTS = ("up", "down", "demo")  # which make what runs and what is here the same, or end it
INTERRUPTED = 130


def main() -> int:
    given = _parser().parse_args()
    screen = Screen()
    try:
        code, document = ACTS[given.command](Layout(default_home()), given, screen)
    except UserError as error:
        code, document = _failed(error, given, screen)
    except Exception as error:
        # Or what is expected and what is found are of two versions.
        another = given.command not in STARTS and source.runs_another(default_home())
        told = UserError("cli.another-version") if another else error
        if not isinstance(told, DzError):
            raise
        code, document = _failed(told, given, screen)
    except KeyboardInterrupt:
        code, document = INTERRUPTED, _failed(UserError("local.interrupted"), given, screen)[1]
    except BrokenPipeError:  # whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if given.json:
        print(json.dumps(document))
    return code


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="dz", description="DjangoZoom on this machine.", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True)
    for name in ACTS:
        one = commands.add_parser(name, allow_abbrev=False)
        one.add_argument("--json", action="store_true", help="one JSON document on stdout")
        if name in ("up", "demo"):
            one.add_argument("--listen", default="", metavar="ADDRESS:PORT", help="where nginx listens")
        if name == "up":
            one.add_argument("--domain", default="", help="new projects are NAME under it; default: localhost")
        if name == "db-psql":
            one.add_argument("name")
            one.add_argument("words", nargs=argparse.REMAINDER)
        if name == "doctor":
            one.add_argument(
                "--fix", action="store_true", help="start what is down; as root: give bubblewrap what it needs"
            )
    return top


def _up(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    began = time.monotonic()
    if known(layout) is not None:
        keys.make(layout)  # this source may want one that the platform lacks
    before = planning.running(layout)
    if before is not None and given.listen and given.listen != before.state.listen:
        raise UserError("local.listens-elsewhere", listen=before.state.listen)
    if before is not None and public.reached(before.state) != before.state:
        raise UserError("local.reached-elsewhere", url=before.state.url)
    same = before is not None and prepare.prepared(before) and given.domain in ("", before.state.domain)
    unchanged = before is not None and same and not status.report(before).wrong
    plan = up(layout, given.listen, (lambda *_: None) if unchanged else screen.step, domain=given.domain)
    if unchanged:
        now = status.report(plan)
        screen.note(f"Up for {since(now.seconds)}, {status.said_live(now.live)}. Nothing to start.")
    for line in (
        plan.state.said,
        public.named(given.domain, plan.state),
        *elsewhere.ways(plan.state, wheel=plan.nginx.origin == "wheel"),
    ):
        if line:
            screen.note(line)
    if not given.json:
        print(plan.state.url)
    seconds = round(time.monotonic() - began, 1)
    return 0, {"state": "up", "url": plan.state.url, "broker": plan.state.broker, "seconds": seconds, "error": None}


def _down(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    began = time.monotonic()
    was_up = down(layout)
    screen.note("Stopped. Data stays in " + str(layout.home) if was_up else "Nothing was running.")
    return 0, {"state": "down", "was_up": was_up, "seconds": round(time.monotonic() - began, 1), "error": None}


def _status(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    plan = planning.current(layout)
    now = status.report(plan)
    free = now.document["disk_free"]
    if not given.json:
        state = f"up {since(now.seconds)}" if now.seconds else "down"
        live = status.said_live(now.live if now.seconds else 0)
        print(f"{state} · {now.memory / 1e6:.0f} MB · {size(free)} free · {live} · {plan.state.url}")
        print(f"broker {plan.state.broker} · sandbox {now.document['sandbox'] or 'unknown'}")
        for one in now.document["services"]:
            made = " ".join(word for word in (one["version"], f"({one['origin']})") if word)
            print(f"{one['name']:18} {one['state']:9} {one['memory'] / 1e6:5.0f} MB  {one['detail'] or made}")
        for one in now.document["sites"]:
            if one["state"] != "live":
                print(f"{one['name']:18} {one['state']:9} {one['missing']} does not run")
                screen.note(f"dz ps {one['name']}")
    if little := status.scarce(free, layout.home):
        screen.note(little)
    if not now.seconds:
        screen.note("dz up starts it.")
    elif source.runs_another(layout.home):
        screen.note("The checkout is another version than what runs: make up takes it over, sites serve on meanwhile.")
    return (BROKEN if now.wrong else 0), now.document


def _doctor(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    for done in doctor.mend(layout) if given.fix else ():
        screen.note(done)
    found = list(doctor.checks(layout))
    for one in found:
        screen.check(one.name, one.ok, one.detail, one.mend)
    checks = [{"name": one.name, "ok": one.ok, "detail": one.detail, "next": one.mend} for one in found]
    return (0 if all(one.ok for one in found) else 1), {"checks": checks}


def _demo(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    return demo.demo(layout, given.listen, screen), {}


def _admin_link(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    url = administration.admin_link(administration.running(layout))
    if not given.json:
        print(url)
    screen.note("It makes its visitor administrator; works once, for 30 minutes.")
    return 0, {"url": url}


def _db_psql(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    psql.psql(administration.running(layout), given.name, given.words)


def _broker_setup(layout: Layout, given: argparse.Namespace, screen: Screen) -> Answer:
    queues = administration.broker_setup(administration.running(layout))
    if not given.json:
        print("\n".join(queues))
    return 0, {"queues": queues}


def _failed(error: DzError, given: argparse.Namespace, screen: Screen) -> Answer:
    user = isinstance(error, UserError)
    next_ = error.next if isinstance(error, UserError) else "dz doctor looks for the cause."
    screen.note(str(error))
    screen.note(f"Next    {next_}")
    identity = getattr(error, "id", "platform.unexpected")
    document = {"error": str(error), "error_id": identity, "where": "", "next": next_}
    if given.command == "status":
        document = {"services": [], "appservers": [], "sandbox": "", "broker": "", "url": "", **document}
    down_ = identity in ("local.not-up", "local.service-silent")
    return (1 if user and not down_ else BROKEN), document


ACTS: dict[str, Callable[[Layout, argparse.Namespace, Screen], Answer]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "doctor": _doctor,
    "demo": _demo,
    "admin-link": _admin_link,
    "broker-setup": _broker_setup,
    "db-psql": _db_psql,
}

if __name__ == "__main__":
    sys.exit(main())
