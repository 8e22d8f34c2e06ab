"""The instance's own file of nginx's configuration, from typed values. Pure. ``sitefile`` writes one project's."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from pathlib import Path

from dz.names import HostName
from dz.seams.proxy.bounds import BODIES, MANY, bounds
from dz.seams.proxy.front import Front
from dz.seams.proxy.values import DOWN, FORWARD, STATIC_URL, USER, checked, listen_address, named, path

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

_NOT_FOUND = (
    "<!doctype html><title>No such site</title><p>No site answers at this address. "
    "dz projects lists those that there are."
)

# What is pushed comes to the service as it is sent: who may send, and for how much there is room, only it can say, and
# what nginx kept of it before would fill the disk.
_PUSHED = f"""\
{FORWARD}proxy_buffering off;
proxy_request_buffering off;
proxy_read_timeout 7200s;
proxy_pass http://dz_push;
"""
# Who brings no token is asked for it here, and holds nothing of the service. From one address come at most twice as
# many as it gives turns, so that the rest are told why they have none.
_ASKED = """\
if ($http_authorization = "") {
return 401 "The password is the API token; dz git NAME lets Git find it by itself.\\n";
}
add_header WWW-Authenticate $dz_who always;
default_type text/plain;
limit_conn dz_push 32;
"""
_WHO = """\
map $http_authorization $dz_who { "" 'Basic realm="DjangoZoom"'; }
limit_conn_zone $binary_remote_addr zone=dz_push:1m;
"""
_SENT = {"receive-pack": "1100m", "upload-pack": "10m"}  # over what the service takes, which says so in git's own words
MOST_FILES = 10_240  # for 8192 connections, 4096 visitors of sites: a worker is 3.5 MB then, 7 with twice as many


def files_of(hard: int) -> int:
    """What a worker asks for: an ordinary user's goes up to the hard limit and no further."""
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What the platform itself has behind this proxy. ``panel``: the panel's unix socket, or None on a proxy host
    without one; ``static``: URL and folder of its static files; ``push``: the unix socket of the service that takes
    pushes, beside a panel. ``name``: the panel's own in the world, beside localhost. ``front``: what ends TLS before
    this proxy."""

    panel: Path | None = None
    static: tuple[str, Path] | None = None
    push: Path | None = None
    name: str = ""
    front: Front = field(default_factory=Front)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The instance's own settings. ``user``: what workers become when nginx is started by root. ``min_timeout``:
    whether this nginx knows keepalive_min_timeout. ``files``: how many a worker may have open."""

    prefix: Path
    listen: str
    user: str = ""
    group: str = ""
    own: Own = field(default_factory=Own)
    min_timeout: bool = True
    workers: int = 2
    files: int = field(default_factory=lambda: files_of(resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    def text(self, sites: Path, *, anew: bool = False) -> str:
        """The main file, including every project's file in ``sites``. ``anew``: see ``bounds``."""
        host, port = listen_address(self.listen)
        names = " ".join(checked(USER, name, "a user or group") for name in (self.user, self.group) if self.user)
        user = f"user {names};\n" if names else ""
        temp = "\n".join(
            f'{kind}_temp_path "{path(self.prefix)}/temp/{kind}";'
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        types = "\n".join(f"{kind} {endings};" for kind, endings in _TYPES.items())
        # A client whose idle connection is closed at a reload may just be sending: three seconds more let it.
        keep = "keepalive_min_timeout 3s;\n" if self.min_timeout else ""
        return f"""\
{user}daemon off;
worker_processes {int(self.workers)};
worker_rlimit_nofile {int(self.files)};
worker_shutdown_timeout 300s;
pid "{path(self.prefix)}/nginx.pid";
error_log stderr warn;
events {{ worker_connections {int(self.files) * 4 // 5}; }}
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
gzip on;
gzip_vary on;
gzip_proxied any;
gzip_min_length 1000;
gzip_types text/css text/plain text/javascript text/xml application/json application/manifest+json image/svg+xml;
proxy_connect_timeout 5s;
proxy_next_upstream error timeout;
proxy_next_upstream_tries 2;
map $http_upgrade $dz_connection {{ default upgrade; "" ""; }}
# Which site a request with a whole URL is for, that says: its Host may be anybody's, and links would be made of it.
map $request $dz_host {{ default $http_host; "~^[^ ]+ +[^/ ]" $host; }}
{self.own.front.text()}{bounds(anew=anew)}\
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
{self._panel(host, port)}include "{path(sites)}/*.conf";
}}
"""

    def _panel(self, host: str, port: int) -> str:
        if self.own.panel is None:
            return ""
        own = [named(HostName, self.own.name)] if self.own.name else []
        names = " ".join(dict.fromkeys(("localhost", "127.0.0.1", host, *own)))
        static = ""
        if self.own.static is not None:
            url, folder = self.own.static
            static = (
                f'location ^~ {checked(STATIC_URL, url, "a static URL")} {{ alias "{path(folder)}/";'
                " add_header Cache-Control $dz_cache; }\n"
            )
        return f"""\
upstream dz_panel {{ server "unix:{path(self.own.panel)}"; }}
{self._push_upstream()}server {{
listen {host}:{port};
server_name {names};
client_max_body_size 2m;
{DOWN}{MANY}{static}{self._push_location()}location / {{
{BODIES}{FORWARD}proxy_read_timeout 3600s;
proxy_pass http://dz_panel;
}}
}}
"""

    def _push_upstream(self) -> str:
        return f'upstream dz_push {{ server "unix:{path(self.own.push)}"; }}\n{_WHO}' if self.own.push else ""

    def _push_location(self) -> str:
        """What Git asks first has no body; what it sends then is answered line by line, as long as its deploy takes."""
        if self.own.push is None:
            return ""
        sent = "".join(
            f'location ~ "^/git/[^/]+/git-{service}$" {{\nclient_max_body_size {most};\n{_ASKED}{_PUSHED}}}\n'
            for service, most in _SENT.items()
        )
        return f"location ^~ /git/ {{\nclient_max_body_size 1;\n{_ASKED}{_PUSHED}{sent}}}\n"
