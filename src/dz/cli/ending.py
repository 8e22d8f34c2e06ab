"""How ``dz`` ends: its exit codes, and the one way to tell a failure."""

from __future__ import annotations

from typing import Any

from dz.cli.client import Refused, Told
from dz.cli.screen import Screen
from dz.typed import typed

DONE, FAILED, USAGE, ERRORED, NOT_ALLOWED, CANCELLED, TIMEOUT, DETACHED = 0, 1, 2, 3, 4, 5, 6, 130

BY_STATE = {
    "succeeded": DONE,
    "failed": FAILED,
    "errored": ERRORED,
    "cancelled": CANCELLED,
    "superseded": CANCELLED,
}
# The keys of a job that ends with a live site, empty: what a failure before it has of them.
RELEASE_BASE: dict[str, Any] = {"job": None, "state": None, "url": None, "seconds": None, "release": None}
# The project's to mend, though the API says them of a request.
_PROJECTS = ("repo.", "release.", "run.", "project.values-missing", "project.not-found", "cli.not-live")


def code_of(told: Told, status: int | None = None) -> int:
    """The exit code of a failure that is not a job's."""
    if status in (401, 403) or told.error_id == "cli.not-yours":
        return NOT_ALLOWED
    if told.error_id == "cli.timeout":
        return TIMEOUT
    if status is not None and (status >= 500 or told.error_id == "cli.unexpected-answer"):
        return ERRORED
    if told.error_id in ("cli.no-platform", "cli.unreachable", "cli.unexpected"):
        return ERRORED
    if told.error_id.startswith(_PROJECTS) or status in (404, 409):
        return FAILED
    return USAGE


def code_of_refusal(error: Refused) -> int:
    return code_of(error.told, error.status)


def tell(screen: Screen, told: Told, *, live: str | None = None, log: str = "") -> None:
    """What, where, live, next, id: always in this order, nothing cut."""
    screen.say(screen.paint(told.error, "bad"))
    rows = [("Where", told.where), ("Live", live), ("Next", typed(told.next or ""))]
    for label, text in rows:
        if text:
            screen.say(f"  {label:<7} {text}")
    screen.say(screen.paint(f"  {told.error_id}{typed(log)}", "quiet"))


def document(told: Told, code: int, base: dict[str, Any]) -> dict[str, Any]:
    """The JSON document of a failure: the command's own keys, empty, and what went wrong."""
    return base | {"state": "errored" if code == ERRORED else "failed"} | told.document()
