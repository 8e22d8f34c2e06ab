"""What goes into nginx's files: each value checked, and the pieces that more than one file has. Pure.

Nothing is ever quoted or escaped: a value that does not match its rule is refused with PlatformError.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from dz.errors import PlatformError
from dz.names import AppId, HostName, StaticUrl

_PATH = re.compile(r"(/[\w.@+-][\w.@+ -]*)+")
STATIC_URL = StaticUrl.pattern
SIZE = re.compile(r"[1-9][0-9]{0,5}[kmg]?")
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")

# The truth about the request: Django compares Origin with scheme and Host, port included. What a client could claim
# about itself is overwritten; gunicorn reads the Ssl and Protocol ones too. The main file makes $dz_host, and ``front``
# the scheme and the port.
FORWARD = """\
proxy_http_version 1.1;
proxy_set_header Host $dz_host;
proxy_set_header Connection $dz_connection;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header X-Forwarded-Proto $dz_scheme;
proxy_set_header X-Forwarded-Host $dz_host;
proxy_set_header X-Forwarded-Port $dz_port;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-Ssl "";
proxy_set_header X-Forwarded-Protocol "";
proxy_set_header Forwarded "";
proxy_set_header Proxy "";
"""

# Only for errors of nginx itself: what a site answers is passed on as it is.
DOWN = """\
error_page 502 504 @dz_down;
location @dz_down {
default_type text/html;
add_header Retry-After 5 always;
add_header Cache-Control no-store always;
return 502 "<!doctype html><title>Not answering</title><p>This site does not answer right now. Try again in a moment.";
}
"""


def listen_address(listen: str) -> tuple[str, int]:
    """``address:port`` as nginx takes it. Raises PlatformError."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise PlatformError(f"not an address and port to listen on: {listen[:80]!r}")
    return address(host.strip("[]")), int(port)


def address(text: str) -> str:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError as error:
        raise PlatformError(f"not an IP address: {text[:80]!r}") from error
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)


def path(where: Path) -> str:
    text = checked(_PATH, str(where), "a path for nginx")
    if ".." in where.parts:
        raise PlatformError(f"not a path for nginx: {text!r}")
    return text


def named(kind: type[AppId] | type[HostName], value: str) -> str:
    """Checked again here, since nothing at run time stops a caller from passing a plain string."""
    try:
        return kind(value)
    except ValueError as error:
        raise PlatformError(str(error)) from error


def checked(pattern: re.Pattern[str], value: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise PlatformError(f"not {what}: {value[:200]!r}")
    return value
