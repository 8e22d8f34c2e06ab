"""Behind something that ends TLS: what is believed of it, and of nobody else. A real nginx with a certificate of the
test's own stands before the platform's."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dz.errors import PlatformError
from dz.names import AppId, HostName
from dz.seams.proxy import Site, Upstream
from dz.seams.proxy.front import Front
from tests.backends import Backend, backend
from tests.servers import DIE_WITH_US, RealNginx, free_port, nginx_binary, real_nginx, short_folder
from tests.waiting import until

NAME = HostName("shop.example.test")
# What docs/tls.md tells an operator to write.
FRONT = """\
daemon off; pid {folder}/pid; error_log stderr; events {{ }}
http {{
access_log off; {temp}
server {{
listen 127.0.0.1:{port} ssl;
server_name *.example.test;
ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
client_max_body_size 0;
location / {{
proxy_pass http://127.0.0.1:{behind};
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_request_buffering off;
proxy_buffering off;
}} }} }}
"""


@contextmanager
def tls_before(behind: int) -> Iterator[tuple[int, Path]]:
    """Its port, and its certificate."""
    with short_folder() as folder:
        (folder / "temp").mkdir()
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=example.test"]
        made += ["-addext", "subjectAltName=DNS:*.example.test", "-keyout", "key.pem", "-out", "cert.pem"]
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
        temp = "".join(f"{kind}_temp_path {folder}/temp/{kind};" for kind in ("client_body", "proxy"))
        temp += "".join(f"{kind}_temp_path {folder}/temp/{kind};" for kind in ("fastcgi", "uwsgi", "scgi"))
        port = free_port()
        (folder / "conf").write_text(FRONT.format(folder=folder, port=port, behind=behind, temp=temp))
        argv = [*DIE_WITH_US, str(nginx_binary()), "-e", "stderr", "-p", f"{folder}/", "-c", str(folder / "conf")]
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
            try:
                until((folder / "pid").exists, what="what ends TLS runs")
                yield port, folder / "cert.pem"
            finally:
                process.terminate()


@contextmanager
def behind(front: Front, app: Backend) -> Iterator[RealNginx]:
    with real_nginx(front=front) as real:
        upstreams = (Upstream(address="127.0.0.1", port=app.port),)
        real.nginx.apply(AppId.of(1), Site(app_id=AppId.of(1), hostnames=(NAME,), upstreams=upstreams, release=1))
        yield real


def told(app: Backend, port: int, tls: ssl.SSLContext | None, *, of: str, **claimed: str) -> dict[str, str]:
    """What the site was told of a visitor with that address who claims this."""
    with ExitStack() as stack:
        connection = stack.enter_context(socket.socket())
        connection.bind((of, 0))
        connection.settimeout(60)
        connection.connect(("127.0.0.1", port))
        if tls is not None:
            connection = stack.enter_context(tls.wrap_socket(connection, server_hostname=NAME))
        lines = [f"X-Forwarded-{name}: {value}" for name, value in claimed.items()]
        request = ["GET / HTTP/1.1", f"Host: {NAME}", "Connection: close", *lines, "", ""]
        connection.sendall("\r\n".join(request).encode())
        assert connection.makefile("rb").read().endswith(b"one /")
    seen = app.seen[-1][2]
    return {name: seen[f"X-Forwarded-{name}"] for name in ("For", "Proto", "Host", "Port")}


CLAIMED = {"For": "198.51.100.7", "Proto": "https", "Host": "evil.example", "Port": "1"}


def test_behind_what_ends_tls_a_site_is_told_of_https_and_of_the_visitor() -> None:
    with ExitStack() as stack:
        app = stack.enter_context(backend("one"))
        real = stack.enter_context(behind(Front(proxies=("127.0.0.1",), scheme="https", port=443), app))
        port, certificate = stack.enter_context(tls_before(real.port))
        tls = ssl.create_default_context(cafile=str(certificate))
        said = {"For": "127.0.0.2", "Proto": "https", "Host": NAME, "Port": "443"}
        assert told(app, port, tls, of="127.0.0.2") == said
        # What visitors say about themselves stands before what the trusted one adds.
        assert told(app, port, tls, of="127.0.0.2", **CLAIMED | {"Proto": "http"}) == said
        # Who passes it by is told as he came.
        plain = {"For": "127.0.0.2", "Proto": "http", "Host": NAME, "Port": str(real.port)}
        assert told(app, real.port, None, of="127.0.0.2", **CLAIMED) == plain


@pytest.mark.parametrize(
    ("front", "claimed", "said"),
    [
        (Front(), CLAIMED, ("127.0.0.1", "http", "own")),
        # A network's load balancer that says nothing, and one that says by which of two ways a visitor came.
        (Front(proxies=("127.0.0.0/8",), scheme="https", port=8443), {}, ("127.0.0.1", "https", "8443")),
        (
            Front(proxies=("127.0.0.1", "::1"), scheme="https", port=443),
            {"Proto": "http"},
            ("127.0.0.1", "http", "own"),
        ),
        (Front(proxies=("127.0.0.1",)), CLAIMED, ("198.51.100.7", "https", "443")),
        (Front(proxies=("10.0.0.1",), scheme="https", port=443), CLAIMED, ("127.0.0.1", "http", "own")),
    ],
)
def test_only_who_is_trusted_is_believed(front: Front, claimed: dict[str, str], said: tuple[str, str, str]) -> None:
    with backend("one") as app, behind(front, app) as real:
        got = told(app, real.port, None, of="127.0.0.1", **claimed)
        assert (got["For"], got["Proto"], got["Port"].replace(str(real.port), "own")) == said


def test_what_is_no_address_is_written_into_no_file() -> None:
    for wrong in ("10.0.0.1; }", "front.example", "", "10.0.0.0/99"):
        with pytest.raises(PlatformError):
            Front(proxies=(wrong,)).text()
