"""The stylesheets of its own that a release's first page names: one that is nowhere leaves the page bare, and is told.

The proxy looks for collected files first and asks the release for the rest; so is it done here, before it leads there.
"""

from __future__ import annotations

import html
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import httpx2

from dz.tasklib.appserver.health import Answer, Visit, ask
from dz.tasklib.appserver.site import Site
from dz.tasklib.context import Context

MEND = "Commit it among the project's static files, or correct its address in the page's template."
MOST, ALL = 10, 5.0  # that are looked for; seconds for all of them: a site may answer as late as it likes
_LINK = re.compile(r"<link\b[^>]{0,2000}>", re.IGNORECASE)
_IS_STYLE = re.compile(r"""\brel\s*=\s*["']?[^"'>]*\bstylesheet\b""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]{1,1000})"|'([^']{1,1000})'|([^\s"'>]{1,1000}))""", re.IGNORECASE)


def tell_missing(ctx: Context, site: Site, visit: Visit, page: Answer) -> None:
    """A warning where ``page`` names some that answer 404."""
    gone = missing(visit, page, site.static, str(site.running.bundle.manifest.get("static_url", "")))
    if gone:
        first = f"{gone[0]}{f' and {len(gone) - 1} more' if gone[1:] else ''}"
        ctx.log.note(
            f"{page.path} asks for the stylesheet {first}, and there is no such file (404). {MEND}", level="warning"
        )


def missing(visit: Visit, page: Answer, folder: Path | None, url: str, *, seconds: float = ALL) -> list[str]:
    """The paths of those that the page takes from its own host in vain, as far as they are told in time. ``folder``:
    the collected files, shown at ``url``."""
    end = time.monotonic() + seconds
    named = list(dict.fromkeys(_own(visit, page)))[:MOST]
    return [path for path in named if not _lies_in(folder, url, path) and _is_missing(visit, path, end)]


def _own(visit: Visit, page: Answer) -> Iterator[str]:
    for link in _LINK.findall(_without_comments(page.body)):
        href = _HREF.search(link)
        if _IS_STYLE.search(link) and href:
            with suppress(httpx2.InvalidURL, ValueError):
                path, elsewhere = visit.after(html.unescape(next(filter(None, href.groups()))).strip(), page.path)
                if path and not elsewhere:
                    yield path


def _without_comments(page: str) -> str:
    """The page as a browser reads it; what was commented out is asked for by nobody. No regex: it is a stranger's."""
    first, *rest = page.split("<!--")
    return first + "".join(piece.partition("-->")[2] for piece in rest)


def _lies_in(folder: Path | None, url: str, path: str) -> bool:
    inner = PurePosixPath(unquote(urlsplit(path).path)).parts
    prefix = PurePosixPath(url).parts
    if folder is None or not url or inner[: len(prefix)] != prefix or ".." in inner:
        return False
    return os.path.isfile(folder.joinpath(*inner[len(prefix) :]))  # noqa: PTH113 - which raises for a longer name


def _is_missing(visit: Visit, path: str, end: float) -> bool:
    left = end - time.monotonic()
    answer = ask(visit, path=path, deadline=left) if left > 0 else None
    return answer is not None and answer.status == 404
