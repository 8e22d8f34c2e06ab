"""Uploaded files and the folders of ``site_media_map``, served by the site's own process.

A request under one of the URLs is answered when the file is there, and goes on to the project when it is not. Nothing
outside the folder is served, links that lead out included. Conditional requests and one byte range are understood.
"""

import mimetypes
import os
import posixpath
import re
from collections import namedtuple
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from dz_guest import spec

PIECE = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")  # of more digits Python makes no number

Answer = namedtuple("Answer", "status headers file start length")


def places():
    """Pairs of URL prefix and folder, the longest prefix first."""
    from django.conf import settings

    found = []
    if settings.MEDIA_ROOT and settings.MEDIA_URL.startswith("/"):
        found.append((settings.MEDIA_URL, str(settings.MEDIA_ROOT)))
    for folder, url in spec.get("site_media_map", []):
        path = "/" + url.strip("/") + "/"
        if path != "//":
            found.append((path, os.path.join(spec.get("project_root"), folder)))
    return sorted(found, key=lambda place: -len(place[0]))


def answer(places, method, path, headers):
    """The answer to a request, or None where it is not ours. ``headers`` by lower-case name."""
    if method not in ("GET", "HEAD"):
        return None
    for prefix, folder in places:
        if path.startswith(prefix):
            file = _inside(folder, path[len(prefix) :])
            if file:
                return _answer(file, method, headers)
    return None


def _inside(folder, name):
    """The regular file of that name below the folder, or None."""
    if "\0" in name or posixpath.normpath("/" + name) != "/" + name:
        return None
    root = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(root, name))
    return file if file.startswith(root + os.sep) and os.path.isfile(file) else None


def _answer(file, method, headers):
    status = os.stat(file)
    kind, encoding = mimetypes.guess_type(file)
    told = [
        ("Content-Type", kind or "application/octet-stream"),
        ("Last-Modified", formatdate(status.st_mtime, usegmt=True)),
        ("X-Content-Type-Options", "nosniff"),
        ("Accept-Ranges", "bytes"),
    ]
    if encoding:
        told.append(("Content-Encoding", encoding))
    if _unchanged(headers.get("if-modified-since"), int(status.st_mtime)):
        return Answer("304 Not Modified", told[1:], None, 0, 0)
    start, end = _range(headers.get("range", ""), status.st_size)
    code = "200 OK"
    if (start, end) != (0, status.st_size):
        code = "206 Partial Content"
        told.append(("Content-Range", "bytes %d-%d/%d" % (start, end - 1, status.st_size)))
    told.append(("Content-Length", str(end - start)))
    return Answer(code, told, None if method == "HEAD" else file, start, end - start)


def _unchanged(since, modified):
    try:
        return since is not None and parsedate_to_datetime(since).timestamp() >= modified
    except (TypeError, ValueError, IndexError, OverflowError):
        return False


def _range(asked, size):
    """The half-open range of bytes; all of them where the header is missing, wrong or cannot be met."""
    found = RANGE.match(asked)
    if not found or asked == "bytes=-":
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else (0, size)


def _pieces(found):
    with open(found.file, "rb") as data:
        data.seek(found.start)
        left = found.length
        while left > 0:
            piece = data.read(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


def wsgi(inner, places):
    """``inner`` with the files of ``places`` before it."""
    if not places:
        return inner

    def application(environ, start_response):
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        headers = {"range": environ.get("HTTP_RANGE", "")}
        if "HTTP_IF_MODIFIED_SINCE" in environ:
            headers["if-modified-since"] = environ["HTTP_IF_MODIFIED_SINCE"]
        found = answer(places, environ["REQUEST_METHOD"], path, headers)
        if found is None:
            return inner(environ, start_response)
        start_response(found.status, found.headers)
        return _pieces(found) if found.file else []

    return application


def asgi(inner, places):
    """The same for ASGI."""

    async def application(scope, receive, send):
        found = None
        if scope["type"] == "http":
            path = unquote_to_bytes(scope.get("raw_path") or scope["path"]).decode("utf-8", "replace")
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            found = answer(places, scope["method"], path.partition("?")[0], headers)
        if found is None:
            await inner(scope, receive, send)
            return
        told = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in found.headers]
        await send({"type": "http.response.start", "status": int(found.status[:3]), "headers": told})
        for piece in _pieces(found) if found.file else []:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return application
