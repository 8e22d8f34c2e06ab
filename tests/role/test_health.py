"""Health and drain, on real sockets."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from dz.errors import Cancelled, PlatformError, UserError
from dz.tasklib.appserver.drain import Busy, busy, wait_drained
from dz.tasklib.appserver.health import Answer, Visit, check
from dz.tasklib.appserver.pages import seen
from dz.tasklib.appserver.ports import is_free
from dz.tasklib.appserver.styles import MOST, missing
from tests.backends import Answers, Backend, backend, deaf
from tests.waiting import until

HOST = "shop.localhost:8800"
TRACE = 'Traceback (most recent call last):\n  File "/p/shop/views.py", line 9, in home\n    1 / 0\nZeroDivisionError: division by zero\n'


def answer_of(
    app: Backend | int, *, deadline: float = 30, ended: str | None = None, log: str = "", stop: bool = False
) -> Answer:
    names = frozenset({"shop.localhost", "www.shop.localhost"})
    return check(
        Visit("127.0.0.1", app if isinstance(app, int) else app.port, HOST, "http", names),
        deadline=deadline,
        alive=lambda: ended,
        log=lambda: log,
        stop=lambda: stop,
        root="/p",
    )


def to(location: str) -> tuple[int, dict[str, str], str]:
    return 302, {"Location": location}, ""


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, "/"),
        ({"/": (404, {}, "an API")}, "/"),
        ({"/": (401, {}, "log in")}, "/"),
        ({"/": to("/en/"), "/en/": to("home?a=b")}, "/en/home?a=b"),
        ({"/": to(f"http://{HOST}/home/")}, "/home/"),
        ({"/": to("https://login.example.com/")}, "/"),
        ({"/": to("https://www.shop.localhost/")}, "/"),
    ],
)
def test_these_answers_are_healthy(answers: Answers, path: str) -> None:
    with backend("app", answers) as app:
        assert answer_of(app).path == path
    headers = app.seen[0][2]
    assert (headers["Host"], headers["X-Forwarded-Proto"]) == (HOST, "http")


@pytest.mark.parametrize(
    "location", ["https://shop.localhost:8800/", "https://shop.localhost/", "http://shop.localhost:8000/x", "/"]
)
def test_a_redirect_to_where_nothing_listens_or_to_itself_is_unhealthy(location: str) -> None:
    with backend("app", {"/": to(location)}) as app, pytest.raises(UserError) as caught:
        answer_of(app)
    assert caught.value.id == "deploy.bad-redirect"


def test_a_page_that_misses_a_variable_is_told_with_its_name() -> None:
    log = TRACE.replace("1 / 0", "os.environ['VAT_RATE']").replace(
        "ZeroDivisionError: division by zero", "KeyError: 'VAT_RATE'"
    )
    with backend("app", {"/": (500, {}, "Server Error")}) as app, pytest.raises(UserError) as caught:
        answer_of(app, deadline=250, log=log)
    assert (caught.value.id, caught.value.facts["variable"]) == ("settings.variable-missing", "VAT_RATE")
    assert caught.value.where == "shop/views.py:9 os.environ['VAT_RATE']"


def test_a_page_that_raises_is_told_with_its_own_line_long_before_the_deadline() -> None:
    with backend("app", {"/": (500, {}, "Server Error")}) as app, pytest.raises(UserError) as caught:
        answer_of(app, deadline=250, log=TRACE)
    assert caught.value.id == "deploy.unhealthy"
    assert caught.value.where == "shop/views.py:9 1 / 0"
    assert "500" in caught.value.brief and "ZeroDivisionError" in caught.value.brief


def test_a_host_name_that_is_refused_points_to_allowed_hosts() -> None:
    with backend("app", {"/": (400, {}, "Bad Request")}) as app, pytest.raises(UserError, match="ALLOWED_HOSTS"):
        answer_of(app)


def test_a_site_that_starts_with_503_is_waited_for() -> None:
    with backend("app", {"/": (503, {}, "starting")}) as app:

        def log_asked() -> bool:
            if len(app.seen) > 5:
                app.answers.clear()
            return False

        visit = Visit("127.0.0.1", app.port, HOST, "http")
        found = check(visit, deadline=60, alive=lambda: None, log=lambda: "", stop=log_asked)
    assert found.status == 200


def test_a_process_that_died_is_told_with_its_traceback() -> None:
    with pytest.raises(UserError) as caught:
        answer_of(1, ended="exit code 3", log=TRACE)
    assert (caught.value.id, caught.value.where) == ("deploy.died", "shop/views.py:9 1 / 0")
    assert "exit code 3" in caught.value.brief


def test_a_process_that_died_in_our_own_code_is_not_told_as_the_projects() -> None:
    frame = '  File "/srv/guest/b6307280a4ed3f2c/dz_guest/settings.py", line 28, in <module>\n    setattr(module, name, 1)\n'
    log = f"Traceback (most recent call last):\n{frame}TypeError: no\n"
    with pytest.raises(PlatformError, match=r"TypeError: no, at dz_guest/settings.py:28 setattr") as caught:
        answer_of(1, ended="exit code 3", log=log)
    assert caught.value.id == "platform.own-code"


def test_a_site_that_never_answers_ends_at_the_deadline_and_a_cancelled_job_at_once() -> None:
    with deaf() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UserError) as caught:
            answer_of(port, deadline=0.5)
        assert caught.value.id == "deploy.never-answered"
        with pytest.raises(UserError) as caught:  # a server that starts its workers again, and again
            answer_of(port, deadline=0.5, log=TRACE * 3)
        assert (caught.value.id, caught.value.where) == ("deploy.died", "shop/views.py:9 1 / 0")
        with pytest.raises(Cancelled):
            answer_of(port, stop=True)


def test_a_connection_that_nobody_accepted_is_seen_and_waited_for() -> None:
    with deaf() as listener:
        address, port = listener.getsockname()
        assert busy(address, port).waiting == 0
        assert not is_free(address, port)
        with socket.create_connection((address, port)):
            until(lambda: busy(address, port).waiting == 1, what="the queue is seen")
            assert not wait_drained(address, port, deadline=0.3, stop=lambda: False)
            accepted, _ = listener.accept()
            assert busy(address, port) == Busy(0, 1)
            assert not wait_drained(address, port, deadline=60, stop=lambda: True)
        accepted.close()
        assert wait_drained(address, port, deadline=60, stop=lambda: False)
    assert is_free(address, port)
    assert wait_drained(address, port, deadline=60, stop=lambda: False)


def test_of_the_first_pages_only_those_that_fail_are_asked_for_in_the_live_release() -> None:
    fails = (500, {}, "Server Error")
    new_says, live_says = {"/": to("/en/"), "/new/": fails, "/old/": fails}, {"/old/": to("/other/"), "/new/": fails}
    with backend("new", new_says) as new, backend("live", live_says) as live:
        visits = [Visit("127.0.0.1", app.port, HOST, "http") for app in (new, live)]
        told = list(seen(["/", "/old/", "/new/"], *visits))
    assert [(one.path, one.status, one.is_worse) for one in told] == [
        ("/", 200, False),
        ("/old/", 500, True),
        ("/new/", 500, False),
    ]
    assert [path for _, path, _ in live.seen] == ["/old/", "/other/", "/new/"]


def test_stylesheets_of_the_first_page_that_nobody_has_are_found(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css/collected one.css").write_text("")
    page = """<link rel="stylesheet" href="/static/css/collected%20one.css?v=1"><LINK href=css/gone.css rel=stylesheet>
    <link rel='stylesheet' href='/app.css'><link rel="icon" href="/icon.png"><link href="https://cdn.example/x.css"
    rel="stylesheet"><link rel="stylesheet" href="http://[x"><link rel="stylesheet" href="/static/../css/gone.css">"""
    long = f"/static/{'n' * 300}.css"  # longer than a file's name may be
    climbs = "/static/css/%2e%2e/css/collected%20one.css"
    page += "".join(f'<link rel="stylesheet" href="{one}">' for one in (long, climbs))
    page += """<!-- <link rel="stylesheet" href="/out.css"> <!-- --><!--[if IE]><link rel=stylesheet href=/ie.css>"""
    gone = (404, {}, "")
    with backend("app", {"/en/css/gone.css": gone, "/css/gone.css": gone, "/icon.png": gone}) as app:
        visit = Visit("127.0.0.1", app.port, HOST, "http")
        found = missing(visit, Answer(status=200, path="/en/", body=page), tmp_path, "/static/")
    assert found == ["/en/css/gone.css", "/css/gone.css"]
    assert [path for _, path, _ in app.seen] == ["/en/css/gone.css", "/app.css", "/css/gone.css", long, climbs]


def test_a_site_that_gives_none_of_its_stylesheets_is_not_waited_for_as_often_as_its_page_names_one() -> None:
    page = "".join(f"<link rel=stylesheet href=/{n}.css>" for n in range(10))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        visit = Visit("127.0.0.1", silent.getsockname()[1], HOST, "http")
        began = time.monotonic()
        assert missing(visit, Answer(status=200, path="/", body=page), None, "", seconds=0.5) == []
    assert time.monotonic() - began < 2


def test_of_a_page_that_names_many_stylesheets_the_first_are_looked_for() -> None:
    gone = {f"/{n}.css": (404, {}, "") for n in range(3 * MOST)}
    page = "".join(f"<link rel=stylesheet href={path}>" for path in gone)
    with backend("app", gone) as app:
        visit = Visit("127.0.0.1", app.port, HOST, "http")
        assert missing(visit, Answer(status=200, path="/", body=page), None, "") == list(gone)[:MOST]
        assert len(app.seen) == MOST
