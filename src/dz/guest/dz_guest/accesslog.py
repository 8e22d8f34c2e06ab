"""The line of each request that was answered: one that the platform itself made, to see a release answer, says so.

Those come to the release's own port; what comes through the proxy names for whom it comes, whatever it calls itself.
"""

import time
from urllib.parse import quote

from gunicorn.glogging import Logger

FORMAT = "%(m)s %(U)s %(s)s %(M)s ms%(asker)s"  # no query: it may hold secrets
AGENT = "DjangoZoom-health"  # dz.tasklib.appserver.visitor
ASKER = ", asked by DjangoZoom"


class Log(Logger):
    def atoms(self, resp, req, environ, request_time):
        ours = environ.get("HTTP_USER_AGENT") == AGENT and "HTTP_X_FORWARDED_FOR" not in environ
        known = Logger.atoms(self, resp, req, environ, request_time)
        return dict(known, asker=ASKER if ours else "")


def asgi(inner):
    """The application, with the same line for what uvicorn answers: its own has the query."""

    async def application(scope, receive, send):
        async def seen(message):
            if message["type"] == "http.response.start":
                status.append(message["status"])
            await send(message)

        status, began = [], time.time()
        try:
            await inner(scope, receive, seen)
        finally:
            if scope["type"] == "http":
                _tell(scope, status[0] if status else 500, time.time() - began)

    return application


def _tell(scope, status, seconds):
    sent = dict(scope["headers"])
    ours = sent.get(b"user-agent") == AGENT.encode() and b"x-forwarded-for" not in sent
    # As it was sent, which uvicorn tells since 0.11.6: what it stands for may be several lines.
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("ascii", "replace")
    known = {"m": scope["method"], "U": path, "s": status, "M": int(seconds * 1000), "asker": ASKER if ours else ""}
    print(FORMAT % known, flush=True)
