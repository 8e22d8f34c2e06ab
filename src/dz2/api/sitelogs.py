"""The address of a site's log: the last lines, or those after a number, as soon as there are any."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AfterValidator, Field

from dz2 import services, sitelog
from dz2.api.documents import time_text
from dz2.api.polling import After, Lines, Wait, Words, until
from dz2.models import SiteLog
from dz2.storable import storable

router = Router()


def in_utc(at: datetime) -> datetime:
    """A time that names no zone is UTC's, as all that the API tells."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("in UTC it is in none of the years 1 to 9999") from None


class WantedIn(Schema):
    process: Annotated[str, AfterValidator(storable), Field(max_length=40)] = ""
    since: Annotated[datetime, AfterValidator(in_utc)] | None = None
    level: Literal["", "debug", "info", "warning", "error", "critical"] = ""
    release: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    search: Words = ""


@router.get("/{name}/logs")
async def logs(
    request: HttpRequest,
    name: str,
    wanted: Query[WantedIn],
    after: After | None = None,
    limit: Lines = 100,
    wait: Wait = 0,
) -> Any:
    """The last lines; with ``after`` those with a number over it, in order, with ``wait`` as soon as there are any.
    ``gone``: lines after that number that are not kept any more; ``more``: there are more than ``limit`` already."""
    asked = sitelog.Wanted(**wanted.dict())
    last: dict[str, Any] = {}

    def ask() -> dict[str, Any] | None:
        nonlocal last
        page = sitelog.page(services.find_project(name), asked, after=last.get("after", after), limit=limit)
        lines = [line_document(line) for line in page.lines]
        last = {"lines": lines, "after": page.after, "gone": page.gone + last.get("gone", 0), "more": page.more}
        return last if lines or page.gone or after is None else None

    return await until(ask, wait) or last


def line_document(line: SiteLog) -> dict[str, Any]:
    """``mark``: not written by the site, but where in its log a release went live."""
    return {
        "seq": line.seq,
        "at": time_text(line.at),
        "host": line.host or None,
        "process": line.process or None,
        "release": line.release,
        "level": line.level or None,
        "mark": not line.process,
        "text": line.text,
    }
