"""The project's WSGI or ASGI application, with uploaded files served beside it.

A project without an application of its own gets Django's. ``DZ_RELEASE_HEADER=1`` names the release in every answer.
"""

import importlib
import os
from contextlib import contextmanager

from dz_guest import defaults, files, loading, spec


def load(name):
    """The object that ``package.module``, ``package.module.attribute`` or ``package.module:attribute`` names."""
    module, colon, attribute = name.partition(":")
    if not colon:
        try:
            return importlib.import_module(name).application
        except ImportError as error:
            head, _, tail = name.rpartition(".")
            if getattr(error, "name", None) != name or not head:
                raise
            module, attribute = head, tail
    found = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


def wsgi():
    """The WSGI application that ``serve`` gives to gunicorn."""
    with loading.without_collector():
        import django

        django.setup()
        defaults.bring()
        if spec.get("wsgi"):
            inner = load(spec.get("wsgi"))
        else:
            from django.core.wsgi import get_wsgi_application

            inner = get_wsgi_application()
    return _named(files.wsgi(inner, files.places()))


def asgi():
    """The ASGI application that ``serve`` gives to uvicorn."""
    from dz_guest import accesslog

    with loading.without_collector(), _outside_the_loop():
        import django

        django.setup()
        defaults.bring()
        inner = load(spec.get("asgi"))
    return accesslog.asgi(_named_asgi(files.asgi(inner, files.places())))


@contextmanager
def _outside_the_loop():
    """uvicorn asks for the application in its running loop, where Django lets nobody ask a database: apps do when they
    are made ready, and under other servers may."""
    import asyncio

    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def _release():
    return str(spec.get("release", "")) if os.environ.get("DZ_RELEASE_HEADER") == "1" else ""


def _named(inner):
    def application(environ, start_response):
        def start(status, headers, *rest):
            return start_response(status, list(headers) + [("X-DZ-Release", release)], *rest)

        return inner(environ, start)

    release = _release()
    return application if release else inner


def _named_asgi(inner):
    async def application(scope, receive, send):
        async def named(message):
            if message["type"] == "http.response.start":
                message = dict(message, headers=list(message.get("headers", [])) + [(b"x-dz-release", release)])
            await send(message)

        await inner(scope, receive, named)

    release = _release().encode("ascii")
    return application if release else inner
