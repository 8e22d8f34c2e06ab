"""One project's file of nginx's configuration, from typed values. Pure. Raises PlatformError for a value that can't be
written."""

from __future__ import annotations

from dz.errors import PlatformError
from dz.names import AppId, HostName
from dz.seams.proxy import Site, Upstream
from dz.seams.proxy.bounds import MANY, bounded
from dz.seams.proxy.values import DOWN, FORWARD, SIZE, STATIC_URL, address, checked, listen_address, named, path

_RESTS = "<!doctype html><title>{name} rests</title><h1>{name} rests</h1><p>Its owner has deactivated it for now."


def site_text(site: Site, listen: str) -> str:
    """One project's file. Raises PlatformError for a value that can't be written."""
    app_id = named(AppId, site.app_id)
    names = " ".join(named(HostName, name) for name in site.hostnames)
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
client_max_body_size {checked(SIZE, site.max_body, "a size")};
{DOWN}{MANY}{FORWARD}proxy_read_timeout {int(site.read_timeout)}s;
proxy_send_timeout {int(site.read_timeout)}s;
{_static(site)}{bounded(app_id)}}}
"""


def _static(site: Site) -> str:
    """A location per root: the newest answers, a name that it lacks is looked up in the next, at last by the site.

    The older roots have internal addresses (``/.dz-static-1`` before the whole path), which need no rewriting.
    """
    if not site.static_url or not site.static_roots:
        return ""
    url = checked(STATIC_URL, site.static_url, "a static URL")
    parts = []
    for number, root in enumerate(site.static_roots):
        folder = path(root)
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
    return f"{address(upstream.address)}:{port}"
