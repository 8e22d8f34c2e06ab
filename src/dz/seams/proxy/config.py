"""nginx's configuration as text, from typed values. Pure.

Nothing is ever quoted or escaped: a value that does not match its rule is refused with PlatformError. ``Base`` is the
instance's own file, ``site_text`` one project's.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from dz.errors import PlatformError
from dz.names import AppId, HostName, StaticUrl
from dz.seams.proxy import Site, Upstream

_PATH = re.compile(r"(/[\w.@+-][\w.@+ -]*)+")
_STATIC_URL = StaticUrl.pattern
_SIZE = re.compile(r"[1-9][0-9]{0,5}[kmg]?")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")

# What browsers insist on; the rest may go as bytes. nginx brings a table only where a distribution packed it.
_TYPES = {
    "text/html": "html htm",
    "text/css": "css",
    "text/javascript": "js mjs",
    "text/plain": "txt",
    "text/xml": "xml",
    "text/markdown": "md",
    "text/csv": "csv",
    "application/json": "json map",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/wasm": "wasm",
    "application/zip": "zip",
    "image/svg+xml": "svg svgz",
    "image/png": "png",
    "image/jpeg": "jpg jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/x-icon": "ico",
    "font/woff2": "woff2",
    "font/woff": "woff",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "application/vnd.ms-fontobject": "eot",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga",
    "video/mp4": "mp4",
    "video/webm": "webm",
}

# The truth about the request: Django compares Origin with scheme and Host, port included. What a client could claim
# about itself is overwritten; gunicorn reads the Ssl and Protocol ones too.
_FORWARD = """\
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header Connection $dz_connection;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-Host $http_host;
proxy_set_header X-Forwarded-Port $server_port;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Real-IP $remote_addr;
proxy_set_header X-Forwarded-Ssl "";
proxy_set_header X-Forwarded-Protocol "";
proxy_set_header Forwarded "";
proxy_set_header Proxy "";
"""

_NOT_FOUND = (
    "<!doctype html><title>No such site</title><p>No site answers at this address. dz ps lists those that there are."
)

# Only for errors of nginx itself: what a site answers is passed on as it is.
_DOWN = """\
error_page 502 504 @dz_down;
location @dz_down {
default_type text/html;
add_header Retry-After 5 always;
add_header Cache-Control no-store always;
return 502 "<!doctype html><title>Not answering</title><p>This site does not answer right now. Try again in a moment.";
}
"""


PUSHED = "1100m"  # over what the service behind it takes, which says so in git's own words
_RESTS = "<!doctype html><title>{name} rests</title><h1>{name} rests</h1><p>Its owner has deactivated it for now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The instance's own settings. ``user``: what workers become when nginx is started by root.

    ``panel``: the panel's unix socket, or None on a proxy host without one; ``panel_static``: URL and folder of its
    static files; ``push``: the unix socket of the service that takes pushes, beside a panel. ``min_timeout``: whether
    this nginx knows keepalive_min_timeout.
    """

    prefix: Path
    listen: str
    user: str = ""
    group: str = ""
    panel: Path | None = None
    panel_static: tuple[str, Path] | None = None
    panel_names: tuple[HostName, ...] = (HostName("localhost"),)
    push: Path | None = None
    min_timeout: bool = True
    workers: int = 2

    def text(self, sites: Path) -> str:
        """The main file, including every project's file in ``sites``."""
        host, port = listen_address(self.listen)
        names = " ".join(_checked(_USER, name, "a user or group") for name in (self.user, self.group) if self.user)
        user = f"user {names};\n" if names else ""
        temp = "\n".join(
            f'{kind}_temp_path "{_path(self.prefix)}/temp/{kind}";'
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        types = "\n".join(f"{kind} {endings};" for kind, endings in _TYPES.items())
        # A client whose idle connection is closed at a reload may just be sending: three seconds more let it.
        keep = "keepalive_min_timeout 3s;\n" if self.min_timeout else ""
        return f"""\
{user}daemon off;
worker_processes {int(self.workers)};
worker_rlimit_nofile 8192;
worker_shutdown_timeout 300s;
pid "{_path(self.prefix)}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
types {{
{types}
}}
default_type application/octet-stream;
access_log off;
server_tokens off;
sendfile on;
tcp_nopush on;
keepalive_timeout 65s;
{keep}{temp}
server_names_hash_bucket_size 128;
server_names_hash_max_size 8192;
map_hash_bucket_size 128;
variables_hash_max_size 2048;
client_max_body_size 100m;
client_header_timeout 30s;
client_body_timeout 60s;
gzip on;
gzip_vary on;
gzip_proxied any;
gzip_min_length 1000;
gzip_types text/css text/plain text/javascript text/xml application/json application/manifest+json image/svg+xml;
proxy_connect_timeout 5s;
proxy_next_upstream error timeout;
proxy_next_upstream_tries 2;
map $http_upgrade $dz_connection {{ default upgrade; "" ""; }}
# Names with a hash of their content never change. No captures in this expression: they have had holes.
map $uri $dz_cache {{
default "public, max-age=300";
"~\\.[0-9a-f]{{8,20}}\\.[0-9a-z.]+$" "public, max-age=31536000, immutable";
}}
server {{
listen {host}:{port} default_server;
server_name _;
default_type text/html;
return 404 "{_NOT_FOUND}";
}}
{self._panel(host, port)}include "{_path(sites)}/*.conf";
}}
"""

    def _panel(self, host: str, port: int) -> str:
        if self.panel is None:
            return ""
        names = " ".join(dict.fromkeys((*map(HostName, self.panel_names), "127.0.0.1", host)))
        static = ""
        if self.panel_static is not None:
            url, folder = self.panel_static
            static = (
                f'location ^~ {_checked(_STATIC_URL, url, "a static URL")} {{ alias "{_path(folder)}/";'
                " add_header Cache-Control $dz_cache; }\n"
            )
        return f"""\
upstream dz_panel {{ server "unix:{_path(self.panel)}"; }}
{self._push_upstream()}server {{
listen {host}:{port};
server_name {names};
client_max_body_size 2m;
{_DOWN}{static}{self._push_location()}location / {{
{_FORWARD}proxy_read_timeout 3600s;
proxy_pass http://dz_panel;
}}
}}
"""

    def _push_upstream(self) -> str:
        return "" if self.push is None else f'upstream dz_push {{ server "unix:{_path(self.push)}"; }}\n'

    def _push_location(self) -> str:
        """A push comes whole, and is answered line by line for as long as its deploy takes. What says no token is
        refused before its body is kept; git then asks for one."""
        if self.push is None:
            return ""
        return f"""\
location ^~ /git/ {{
client_max_body_size {PUSHED};
if ($http_authorization = "") {{
add_header WWW-Authenticate 'Basic realm="DjangoZoom"' always;
return 401;
}}
{_FORWARD}proxy_buffering off;
proxy_read_timeout 7200s;
proxy_pass http://dz_push;
}}
"""


def site_text(site: Site, listen: str) -> str:
    """One project's file. Raises PlatformError for a value that can't be written."""
    app_id = _named(AppId, site.app_id)
    names = " ".join(_named(HostName, name) for name in site.hostnames)
    if not names or not (site.upstreams or site.resting):
        raise PlatformError(f"the site of {app_id} has no hostname or no deployment")
    host, port = listen_address(listen)
    if site.resting:
        return f"""\
# {app_id} rests
server {{
listen {host}:{port};
server_name {names};
default_type text/html;
add_header Cache-Control no-store always;
return 503 "{_RESTS.format(name=names.split()[0])}";
}}
"""
    # Of several, one that dies is passed over for as long as the supervisor needs to have it back.
    patience = " max_fails=1 fail_timeout=2s" if len(site.upstreams) > 1 else ""
    servers = "\n".join(f"server {_upstream(one)}{patience};" for one in site.upstreams)
    # nginx gives an idle connection up before the application server (2 s and more) does: a POST that is sent on one
    # that is just being closed is lost.
    return f"""\
# {app_id} release {int(site.release)}
upstream {app_id} {{
{servers}
keepalive 16;
keepalive_timeout 1s;
}}
server {{
listen {host}:{port};
server_name {names};
client_max_body_size {_checked(_SIZE, site.max_body, "a size")};
{_DOWN}{_FORWARD}proxy_read_timeout {int(site.read_timeout)}s;
proxy_send_timeout {int(site.read_timeout)}s;
{_static(site)}location / {{ proxy_pass http://{app_id}; }}
location @app {{ proxy_pass http://{app_id}$request_uri; }}
}}
"""


def listen_address(listen: str) -> tuple[str, int]:
    """``address:port`` as nginx takes it. Raises PlatformError."""
    address, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise PlatformError(f"not an address and port to listen on: {listen[:80]!r}")
    return _address(address.strip("[]")), int(port)


def _static(site: Site) -> str:
    """A location per root: the newest answers, a name that it lacks is looked up in the next, at last by the site.

    The older roots have internal addresses (``/.dz-static-1`` before the whole path), which need no rewriting.
    """
    if not site.static_url or not site.static_roots:
        return ""
    url = _checked(_STATIC_URL, site.static_url, "a static URL")
    parts = []
    for number, root in enumerate(site.static_roots):
        folder = _path(root)
        first = number == 0
        after = f"/.dz-static-{number + 1}$dz_path" if number + 1 < len(site.static_roots) else "@app"
        parts.append(
            f"""\
location ^~ {"" if first else f"/.dz-static-{number}"}{url} {{
{"set $dz_path $uri;" if first else "internal;"}
charset utf-8;
alias "{folder}/";
disable_symlinks on "from={folder}";
add_header Cache-Control $dz_cache;
error_page 403 404 = {after};
log_not_found off;
recursive_error_pages on;
}}
"""
        )
    return "".join(parts)


def _upstream(upstream: Upstream) -> str:
    port = int(upstream.port)
    if not 0 < port < 65536:
        raise PlatformError(f"not a port: {port}")
    return f"{_address(upstream.address)}:{port}"


def _address(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError as error:
        raise PlatformError(f"not an IP address: {address[:80]!r}") from error
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)


def _path(path: Path) -> str:
    text = _checked(_PATH, str(path), "a path for nginx")
    if ".." in path.parts:
        raise PlatformError(f"not a path for nginx: {text!r}")
    return text


def _named(kind: type[AppId] | type[HostName], value: str) -> str:
    """Checked again here, since nothing at run time stops a caller from passing a plain string."""
    try:
        return kind(value)
    except ValueError as error:
        raise PlatformError(str(error)) from error


def _checked(pattern: re.Pattern[str], value: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise PlatformError(f"not {what}: {value[:200]!r}")
    return value
