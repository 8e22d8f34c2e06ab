"""Whether a release answers: real requests through its own Host header, until one is healthy.

Healthy is any answer below 500 but 400 (Django's refusal of a host). A redirect within the site is followed through
the same socket; one to a scheme or port where nothing of the site listens is unhealthy; one to another host is the
project's own business, as a single sign-on is.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from dz.errors import Cancelled, DzError, UserError, own_fault
from dz.tasklib.appserver.blame import blame, failed_again
from dz.tasklib.appserver.visitor import headers

EVERY = 0.1
ONE_REQUEST = 15.0
REDIRECTS = 8
BODY = 64 * 1024
# The same bad answer this often is what the site says. A 500 must also have lasted, for its database may just be coming
# back; 502 to 504 say themselves that the start isn't over.
BAD_ANSWERS, BAD_SECONDS = 3, 2.0
STARTING = frozenset({502, 503, 504})
# A release is asked in the clear. By itself each client would read all of the host's certificates, for 30 ms.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: of which path, after redirects; ``target`` is where it would send a visitor in vain."""

    status: int
    path: str
    body: str = ""
    target: str = ""

    @property
    def healthy(self) -> bool:
        return self.status < 500 and self.status != 400 and not self.target


@dataclass(frozen=True, slots=True)
class Visit:
    """Where to ask and as whom. ``host``: the hostname as visitors type it, with a port that isn't the scheme's own;
    ``hostnames``: all that lead to the site."""

    address: str
    port: int
    host: str
    scheme: str
    hostnames: frozenset[str] = frozenset()

    def url(self, path: str) -> str:
        at = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{at}:{self.port}{path}"

    def after(self, location: str, path: str) -> tuple[str, bool]:
        """Where a redirect leads: a path of this host, or "" for another; and whether it leads to nothing."""
        target = urlsplit(str(httpx2.URL(f"{self.scheme}://{self.host}{path}").join(location)))
        own = urlsplit(f"//{self.host}").hostname or ""
        if target.hostname not in (own, f"www.{own}") or target.hostname in self.hostnames - {own}:
            return "", False
        listens = (self.scheme, _port(self.host, self.scheme))
        if target.hostname == own and (target.scheme, _port(target.netloc, target.scheme)) == listens:
            return (target.path or "/") + (f"?{target.query}" if target.query else ""), False
        return target.geturl()[:300], True


def check(
    visit: Visit,
    *,
    deadline: float,
    alive: Callable[[], str | None],
    log: Callable[[], str],
    stop: Callable[[], bool] = lambda: False,
    root: str = "",
) -> Answer:
    """Ask ``/`` until an answer is healthy, ``deadline`` seconds at most, and return that answer.

    ``alive``: None while the program lives, else how it ended. ``log``: the tail of its log, from which the error's
    place is read; paths below ``root`` are the project's. Raises UserError deploy.died, unhealthy, bad-redirect or
    never-answered; PlatformError where our own code in it failed; Cancelled.
    """
    began = time.monotonic()
    bad: list[tuple[float, Answer]] = []
    while True:
        if stop():
            raise Cancelled("the job was cancelled")
        ended = alive()
        if ended is not None:
            raise _died(ended, log(), root)
        left = began + deadline - time.monotonic()
        answer = ask(visit, deadline=max(0.1, min(left, ONE_REQUEST)))
        if answer is not None:
            if answer.healthy:
                return answer
            bad = [*(one for one in bad if one[1].status == answer.status), (time.monotonic(), answer)]
        if left <= 0 or _settled(bad):
            raise _unwell(bad[-1][1] if bad else None, log(), root, deadline)
        time.sleep(EVERY)


def ask(visit: Visit, *, deadline: float, path: str = "/") -> Answer | None:
    """One visit to ``path`` with its redirects; None if there was no answer in time."""
    try:
        return asyncio.run(_answer(visit, path, deadline))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError):
        return None


async def _answer(visit: Visit, path: str, deadline: float) -> Answer:
    async with (
        asyncio.timeout(deadline),
        # Nothing of our own environment (proxies, netrc) may come between; cookies are kept from visit to visit.
        httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=deadline, verify=NO_CERTIFICATES) as client,
    ):
        first = path
        for _ in range(REDIRECTS):
            async with client.stream("GET", visit.url(path), headers=headers(visit.host, visit.scheme)) as response:
                answer = Answer(status=response.status_code, path=path, body=await _body(response))
                location = response.headers.get("Location", "")
            if not (300 <= answer.status < 400 and location):
                return answer
            following, vain = visit.after(location, path)
            if vain:
                return Answer(status=answer.status, path=path, target=following)
            if not following:
                return answer
            path = following
        return Answer(status=answer.status, path=first, target=f"{path}, again and again")


def _port(netloc: str, scheme: str) -> int:
    return urlsplit(f"//{netloc}").port or (443 if scheme == "https" else 80)


async def _body(response: httpx2.Response) -> str:
    piece = b""
    async for more in response.aiter_bytes():
        piece += more
        if len(piece) > BODY:
            break
    return piece[:BODY].decode(errors="replace")


def _settled(bad: list[tuple[float, Answer]]) -> bool:
    if len(bad) < BAD_ANSWERS or bad[-1][1].status in STARTING:
        return False
    return bad[-1][1].status < 500 or bad[-1][0] - bad[0][0] >= BAD_SECONDS


def _died(how: str, text: str, root: str) -> DzError:
    found = blame(text, root=root)
    if found.ours:
        return own_fault(found.error, found.ours)
    return UserError("deploy.died", where=found.where, how=how, error=_colon(found.error))


def _unwell(answer: Answer | None, text: str, root: str, seconds: float) -> DzError:
    if answer is None:
        if failed_again(text):
            return _died("a worker of it again and again", text, root)
        return UserError("deploy.never-answered", path="/", seconds=f"{seconds:.0f}")
    if answer.target:
        return UserError("deploy.bad-redirect", path=answer.path, target=answer.target)
    found = blame(text, root=root)
    if found.ours and answer.status == 500:
        return own_fault(found.error, found.ours)
    if found.variable:
        return UserError("settings.variable-missing", where=found.where, variable=found.variable)
    error = found.error or _said(answer)
    return UserError("deploy.unhealthy", where=found.where, status=answer.status, path=answer.path, error=_colon(error))


def _said(answer: Answer) -> str:
    if answer.status == 400:
        return "it does not take its own host name, see ALLOWED_HOSTS"
    return ""


def _colon(error: str) -> str:
    return f": {error}" if error else ""
