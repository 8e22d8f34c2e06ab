"""The line of each request that gunicorn answered: one that the platform itself made, to see a release answer, says so.

Those come to the release's own port; what comes through the proxy names for whom it comes, whatever it calls itself.
"""

from gunicorn.glogging import Logger

FORMAT = "%(m)s %(U)s %(s)s %(M)s ms%(asker)s"  # no query: it may hold secrets
AGENT = "DjangoZoom-health"  # dz.tasklib.appserver.asking


class Log(Logger):
    def atoms(self, resp, req, environ, request_time):
        ours = environ.get("HTTP_USER_AGENT") == AGENT and "HTTP_X_FORWARDED_FOR" not in environ
        known = Logger.atoms(self, resp, req, environ, request_time)
        return dict(known, asker=", asked by DjangoZoom" if ours else "")
