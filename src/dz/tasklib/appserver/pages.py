"""The first pages of a release beside ``/``, asked for before anything leads to it: what works live must not fail here.

A page that the live release answers and that is a 500 here ends a deploy, named with its line. Where there is nothing
to compare with, and in a release of what was live before (a rollback), it is a warning. Two are asked for at a time;
one that takes its time is passed over, and all of them after ten seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dz.errors import UserError, own_fault
from dz.tasklib.appserver.blame import blame
from dz.tasklib.appserver.health import Answer, Visit, ask
from dz.tasklib.appserver.migrated import is_again
from dz.tasklib.appserver.site import Site
from dz.tasklib.context import Context
from dz.tasklib.records import Deployment, Running

SECONDS, ONE = 10.0, 5.0
AT_ONCE = 2
FAILS = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A page's status here, and, of one that fails, in the live release (0: nobody answered)."""

    path: str
    status: int
    before: int = 0

    @property
    def is_worse(self) -> bool:
        return self.status == FAILS and 0 < self.before < 400


def compared(ctx: Context, site: Site, new: Deployment, live: Running | None) -> dict[str, int]:
    """What each page answered at the end of its redirects. Of what runs already none is asked: it would tell nothing,
    and there are pages that do something each time.

    Raises UserError deploy.page-fails."""
    paths = site.running.bundle.manifest.get("pages", ())
    if live is not None and is_again(live, site.running):
        return {}
    before = visit_of(site, live.deployment) if live else None
    told: dict[str, int] = {}
    for one in seen(paths, visit_of(site, new), before, ctx.stop):
        ctx.check()
        told[one.path] = one.status
        if one.status == FAILS:
            _tell(ctx, one, site.tail(), str(site.code))
    if told:
        ctx.log.note(f"first pages: {', '.join(f'{path} {status}' for path, status in told.items())}")
    return told


def seen(
    paths: Sequence[str], new: Visit, live: Visit | None, stop: Callable[[], bool] = lambda: False
) -> Iterator[Seen]:
    """Each page that answers in time, in their order. One that fails is asked for once more, alone, after the live
    release was: the last error in the log is its own then."""
    until = time.monotonic() + SECONDS

    def look(path: str) -> Answer | None:
        return None if stop() or time.monotonic() > until else ask(new, path=path, deadline=ONE)

    with ThreadPoolExecutor(AT_ONCE, "page") as looking:
        answers = list(looking.map(look, paths))
    for path, answer in zip(paths, answers, strict=True):
        if answer is None:
            continue
        if answer.status != FAILS or time.monotonic() > until:
            yield Seen(path, answer.status)
            continue
        before = ask(live, path=path, deadline=ONE) if live else None
        again = ask(new, path=path, deadline=ONE) or answer
        yield Seen(path, again.status, _status(before))


def _status(answer: Answer | None) -> int:
    return answer.status if answer and not answer.target else 0


def visit_of(site: Site, deployment: Deployment) -> Visit:
    names = [str(name) for name in site.running.hostnames]
    host = site.place.host_header(names[0])
    return Visit(deployment.address, deployment.port, host, site.place.scheme, frozenset(names))


def _tell(ctx: Context, one: Seen, log: str, root: str) -> None:
    found = blame(log, root=root)
    if one.is_worse and ctx.built:
        ctx.log.output(log.encode())  # it goes with the release
        if found.ours:
            raise own_fault(found.error, found.ours)
        error = f": {found.error}" if found.error else ""
        raise UserError("deploy.page-fails", where=found.where, path=one.path, error=error)
    was = f" ({one.before} in the live release)" if one.before else ""
    ctx.log.note(f"{one.path} answers {FAILS}{was}. {found.error} {found.where}".rstrip(), level="warning")
