"""The proxy's contract, on nginx itself and on the fake; what is refused, and that a switch loses no request."""

from __future__ import annotations

import http.client
import json
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from dz.errors import PlatformError
from dz.names import AppId, HostName
from dz.seams.proxy import Proxy, Site, Upstream
from dz.seams.proxy.config import Base, files_of
from dz.seams.proxy.fake import FakeProxy
from dz.seams.proxy.workers import TOLD, workers_of
from dz.tasklib.appserver.drain import busy, wait_drained
from tests.backends import Backend, backend
from tests.load import OpenLoop
from tests.servers import RealNginx, free_port, real_nginx, short_folder
from tests.waiting import until

NAME = HostName("shop.localhost")


@pytest.fixture(scope="module")
def real() -> Iterator[RealNginx]:
    with real_nginx() as it:
        yield it


@pytest.fixture(params=["nginx", "fake"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    if request.param == "fake":
        return FakeProxy()
    driver: Proxy = request.getfixturevalue("real").nginx
    return driver


def site(number: int = 1, *, port: int = 9, **changes: Any) -> Site:
    plain = Site(
        app_id=AppId.of(number), hostnames=(NAME,), upstreams=(Upstream(address="127.0.0.1", port=port),), release=1
    )
    return replace(plain, **changes)


def get(real: RealNginx, path: str, host: str = NAME, method: str = "GET") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", real.port, timeout=60)
    try:
        connection.request(method, path, headers={"Host": f"{host}:{real.port}"})
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        connection.close()


def test_what_is_applied_is_read_back_until_it_is_taken_away(proxy: Proxy) -> None:
    one, other = site(1), site(2, hostnames=(HostName("other.localhost"),))
    for each in (one, other, one):
        proxy.apply(each.app_id, each)
    assert proxy.applied() == {one.app_id: proxy.digest_of(one), other.app_id: proxy.digest_of(other)}
    assert proxy.digest_of(one) != proxy.digest_of(replace(one, release=2))
    for each in (one, other, one):
        proxy.apply(each.app_id, None)
    assert proxy.applied() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"hostnames": ("a.localhost; } server {",)},
        {"hostnames": ("a.localhost\n",)},
        {"hostnames": ("~^(.*)$",)},
        {"hostnames": ()},
        {"upstreams": ()},
        {"upstreams": (Upstream(address="127.0.0.1:80; #", port=1),)},
        {"upstreams": (Upstream(address="metadata.internal", port=1),)},
        {"upstreams": (Upstream(address="127.0.0.1", port=0),)},
        {"static_url": "/", "static_roots": (Path("/srv/x"),)},
        {"static_url": "/static", "static_roots": (Path("/srv/x"),)},
        {"static_url": "/s/../", "static_roots": (Path("/srv/x"),)},
        {"static_url": "/s$uri/", "static_roots": (Path("/srv/x"),)},
        {"static_url": "/static/", "static_roots": (Path('/srv/"; include /etc/shadow; #'),)},
        {"static_url": "/static/", "static_roots": (Path("/srv/../etc"),)},
        {"static_url": "/static/", "static_roots": (Path("srv"),)},
        {"max_body": "1m; }"},
    ],
    ids=lambda change: json.dumps(change, default=str)[:60],
)
def test_a_hostile_value_is_refused_and_changes_nothing(proxy: Proxy, change: dict[str, Any]) -> None:
    good = site()
    proxy.apply(good.app_id, good)
    with pytest.raises(PlatformError):
        proxy.apply(good.app_id, site(**change))
    assert proxy.applied() == {good.app_id: proxy.digest_of(good)}
    proxy.apply(good.app_id, None)


def test_connections_are_as_many_as_the_files_that_an_ordinary_user_may_open(tmp_path: Path) -> None:
    assert [files_of(hard) for hard in (1024, 1_048_576, resource.RLIM_INFINITY)] == [1024, 10_240, 10_240]
    text = Base(prefix=tmp_path, listen="127.0.0.1:8800", files=1024).text(tmp_path)
    assert "worker_rlimit_nofile 1024;" in text and "worker_connections 819;" in text


@pytest.fixture
def shop(real: RealNginx) -> Iterator[tuple[RealNginx, Backend]]:
    with backend("one") as app:
        yield real, app
        real.nginx.apply(AppId.of(1), None)


def test_a_site_gets_the_truth_about_its_visitor(shop: tuple[RealNginx, Backend]) -> None:
    real, app = shop
    real.nginx.apply(AppId.of(1), site(port=app.port))
    assert get(real, "/a%20b?c=%2F")[::2] == (200, "one /a%20b?c=%2F")
    headers = app.seen[-1][2]
    assert headers["Host"] == f"shop.localhost:{real.port}"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert get(real, "/", "unknown.localhost")[0] == 404
    get(real, f"http://{NAME}/", "evil.example")  # the URL leads here, and it alone is believed
    assert {app.seen[-1][2][name] for name in ("Host", "X-Forwarded-Host")} == {NAME}


def test_what_a_visitor_claims_about_himself_is_passed_on_to_no_site(shop: tuple[RealNginx, Backend]) -> None:
    real, app = shop
    real.nginx.apply(AppId.of(1), site(port=app.port))
    names = [f"X-Forwarded-{name}" for name in ("For", "Proto", "Host", "Port", "Ssl", "Protocol")]
    claimed = dict.fromkeys([*names, "X_Forwarded_For", "X-Real-IP", "Forwarded", "Proxy"], "claimed")
    connection = http.client.HTTPConnection("127.0.0.1", real.port, timeout=60)
    connection.request("GET", "/", headers={"Host": f"{NAME}:{real.port}", **claimed})
    assert connection.getresponse().status == 200
    connection.close()
    assert not [name for name, value in app.seen[-1][2].items() if "claimed" in value]


def test_a_site_that_rests_says_so_at_every_address_and_is_read_back(proxy: Proxy) -> None:
    one = site(upstreams=(), resting=True)
    proxy.apply(one.app_id, one)
    assert proxy.applied() == {one.app_id: proxy.digest_of(one)}
    proxy.apply(one.app_id, None)


def test_a_site_that_rests_answers_with_a_plain_page(shop: tuple[RealNginx, Backend]) -> None:
    real, _ = shop
    real.nginx.apply(AppId.of(1), site(upstreams=(), resting=True))
    status, headers, body = get(real, "/any/page?x=1")
    assert (status, headers["Cache-Control"], headers["Content-Type"]) == (503, "no-store", "text/html")
    assert "<h1>shop.localhost rests</h1>" in body


def test_a_site_that_is_down_says_so_and_its_own_errors_pass_unchanged(shop: tuple[RealNginx, Backend]) -> None:
    real, app = shop
    real.nginx.apply(AppId.of(1), site(port=free_port()))
    status, headers, body = get(real, "/")
    assert (status, headers["Retry-After"]) == (502, "5")
    assert "does not answer right now" in body
    app.answers["/own"] = (502, {}, "the site's own")
    real.nginx.apply(AppId.of(1), site(port=app.port))
    assert get(real, "/own")[::2] == (502, "the site's own")


def test_static_files_come_from_the_newest_release_then_the_two_before_then_the_site(
    shop: tuple[RealNginx, Backend],
) -> None:
    real, app = shop
    new, old, oldest = (real.folder / "static" / name for name in ("new", "old", "oldest"))
    for folder in (new, old, oldest):
        (folder / "css").mkdir(parents=True)
        (folder / "css" / "both.css").write_text(folder.name)
    for folder in (old, oldest):
        (folder / "css" / "gone.css").write_text(folder.name)
    (oldest / "css" / "first.css").write_text("oldest")
    (new / "css" / "main.0123456789ab.css").write_text("hashed")
    (real.folder / "static" / "secret").write_text("secret")
    (new / "link").symlink_to(real.folder / "static" / "secret")
    real.nginx.apply(AppId.of(1), site(port=app.port, static_url="/static/", static_roots=(new, old, oldest)))
    assert get(real, "/static/css/both.css")[2] == "new"
    assert get(real, "/static/css/gone.css")[2] == "old"
    assert get(real, "/static/css/first.css")[2] == "oldest"
    assert "immutable" in get(real, "/static/css/main.0123456789ab.css")[1]["Cache-Control"]
    assert "immutable" not in get(real, "/static/css/both.css")[1]["Cache-Control"]
    assert get(real, "/static/never%20was.css?v=1")[2] == "one /static/never%20was.css?v=1"
    for path in (
        "/static/link",
        "/static../secret",
        "/static/../secret",
        "/static/%2e%2e/secret",
        "/.dz-static-1/static/x",
    ):
        assert get(real, path)[2] != "secret", path
    assert get(real, "/.dz-static-1/static/css/gone.css")[2] != "old"  # an internal address


def test_a_configuration_that_nginx_refuses_leaves_the_last_good_one_in_force(
    shop: tuple[RealNginx, Backend],
) -> None:
    real, app = shop
    real.nginx.apply(AppId.of(1), site(port=app.port))
    before = real.nginx.applied()
    taken = real.folder / "nginx" / "sites" / f"{AppId.of(3)}.conf"
    taken.write_text("this is no configuration\n")  # as if a disk or a hand had broken another project's file
    with pytest.raises(PlatformError, match="nginx refuses"):
        real.nginx.apply(AppId.of(1), site(port=app.port, release=2))
    taken.unlink()
    assert real.nginx.applied() == before
    assert get(real, "/")[2] == "one /"


def test_a_change_made_while_nginx_is_down_is_served_when_it_comes_back(shop: tuple[RealNginx, Backend]) -> None:
    real, app = shop
    real.end()
    until(lambda: not real.nginx.running(), what="nginx is down")
    assert real.nginx.apply(AppId.of(1), site(port=app.port)) == 0
    real.start()
    assert until(lambda: get(real, "/"), what="nginx answers")[2] == "one /"


def test_an_open_upload_is_waited_for(shop: tuple[RealNginx, Backend]) -> None:
    real, app = shop
    real.nginx.apply(AppId.of(1), site(port=app.port))
    connection = http.client.HTTPConnection("127.0.0.1", real.port, timeout=60)
    connection.putrequest("POST", "/upload", skip_host=True)
    connection.putheader("Host", f"shop.localhost:{real.port}")
    connection.putheader("Content-Length", "4")
    connection.endheaders(b"ab")
    until(lambda: busy("127.0.0.1", real.port).open > 0, what="nginx has the connection")
    assert real.nginx.apply(AppId.of(1), site(port=app.port, release=2), wait=6) >= 1
    done = threading.Thread(target=lambda: connection.send(b"cd"))
    done.start()
    assert connection.getresponse().read() == b"one /upload"
    done.join()
    connection.close()
    assert real.nginx.apply(AppId.of(1), site(port=app.port, release=3), wait=60) == 0


def test_an_open_stream_of_the_panel_holds_no_switch_up_and_is_not_cut() -> None:
    with (
        short_folder() as folder,
        stream(folder / "panel.sock") as goes_on,
        real_nginx(panel=folder / "panel.sock") as real,
        socket.create_connection(("127.0.0.1", real.port)) as visitor,
    ):
        visitor.settimeout(60)
        visitor.sendall(b"GET /jobs/1/log HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: b"first line" in visitor.recv(4096), what="the stream began")
        assert real.process is not None
        before = workers_of(psutil.Process(real.process.pid))
        assert real.nginx.apply(AppId.of(1), site(), wait=120) == 0
        assert not all(one.gone() for one in before)
        assert not any(one.matters(TOLD, real.port, [folder / "panel.sock"]) for one in before), "not seen for a stream"
        goes_on.set()
        until(lambda: b"second line" in visitor.recv(4096), what="the stream goes on")


@contextmanager
def stream(path: Path) -> Iterator[threading.Event]:
    """One visitor of the panel gets a line, and another once the event is set."""
    goes_on = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n\r\nfirst line\n"
            )
            goes_on.wait(240)
            connection.sendall(b"second line\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen(8)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield goes_on
        finally:
            goes_on.set()
            thread.join(60)


def test_three_switches_under_load_lose_no_request(real: RealNginx) -> None:
    live = ExitStack()
    port = live.enter_context(backend("0")).port
    real.nginx.apply(AppId.of(1), site(port=port))
    with OpenLoop("127.0.0.1", real.port, f"shop.localhost:{real.port}") as load:
        for number in range(1, 4):
            until(lambda last=str(number - 1): load.counted.releases[last] > 20, what="the live release answers")
            coming = ExitStack()
            new = coming.enter_context(backend(str(number))).port
            assert real.nginx.apply(AppId.of(1), site(port=new, release=number), wait=60) == 0
            assert wait_drained("127.0.0.1", port, deadline=60, stop=lambda: False)
            live.close()
            live, port = coming, new
        until(lambda: load.counted.releases["3"] > 20, what="the last release answers")
    live.close()
    assert load.counted.failed == []
    assert load.counted.good == load.counted.sent
    real.nginx.apply(AppId.of(1), None)
