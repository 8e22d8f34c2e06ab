"""Which processes a release has, and how a Procfile's line is read."""

from __future__ import annotations

import pytest

from dz.tasklib.appserver import processes
from dz.tasklib.buildconfig import BuildConfig

CONFIG = """\
[project]
processes =
    web: gunicorn shop.wsgi
    worker: celery -A shop worker -l info
    beat: celery -A shop beat
    clock: python clock.py
"""


def test_web_is_the_platforms_own_and_every_other_line_runs_once_unless_the_formation_says_so() -> None:
    assert processes.of(CONFIG, {}) == ("web.1", "worker.1", "beat.1", "clock.1")
    assert processes.of(CONFIG, {"web": 2, "worker": 2, "clock": 0}) == (
        "web.1", "web.2", "worker.1", "worker.2", "beat.1",
    )  # fmt: skip
    assert processes.of("", {"gone": 3}) == ("web.1",)


def test_there_is_always_a_web_process_and_never_a_second_scheduler_whatever_the_formation_says() -> None:
    assert processes.of(CONFIG, {"web": 0, "beat": 5, "clock": 2, "worker": 0}) == ("web.1", "beat.1", "clock.1")


@pytest.mark.parametrize(
    ("wsgi", "asgi", "web", "so"),
    [
        ("", "shop.asgi.application", "", True),
        ("shop.wsgi.application", "shop.asgi.application", "", False),
        ("shop.wsgi.application", "shop.asgi.application", "gunicorn shop.wsgi", False),
        ("shop.wsgi.application", "shop.asgi.application", "daphne -p $PORT shop.asgi:application", True),
        ("shop.wsgi.application", "shop.asgi.application", "gunicorn -k uvicorn.workers.UvicornWorker shop.asgi", True),
        ("shop.wsgi.application", "", "daphne shop.asgi:application", False),
    ],
)
def test_an_asgi_application_is_served_where_it_is_all_there_is_or_the_projects_own_line_serves_it(
    wsgi: str, asgi: str, web: str, so: bool
) -> None:
    lines = (("web", web),) if web else ()
    config = BuildConfig(wsgi_application=wsgi, asgi_application=asgi, processes=lines)
    assert processes.serves_asgi(config) is so


@pytest.mark.parametrize(
    ("line", "single"),
    [
        ("celery -A shop beat", True),
        ("celery -A shop worker -B", True),
        ("python -m celery -A shop worker --beat", True),
        ("celery -A shop worker", False),
        ("python manage.py beat", False),
        ("celery -A shop worker -BE", True),
        ("celery -A shop worker -EB", True),
        ("celery -A shop worker --beat=1", True),
        ('bash -c "celery -A shop beat"', True),
        ("python manage.py rqscheduler", True),
        ("celery -A shop worker -Q emails", False),
    ],
)
def test_a_scheduler_is_known_by_what_it_runs(line: str, single: bool) -> None:
    assert processes.is_single("jobs", line) is single


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("python manage.py work --name 'a b' $QUEUE", ["python", "manage.py", "work", "--name", "a b", "$QUEUE"]),
        ("C_FORCE_ROOT=1 celery -A shop worker", ["C_FORCE_ROOT=1", "celery", "-A", "shop", "worker"]),
        ("poetry run celery -A shop worker", ["celery", "-A", "shop", "worker"]),
        ("exec python w.py # not a comment", ["python", "w.py", "#", "not", "a", "comment"]),
    ],
)
def test_a_line_is_split_as_a_shell_would(line: str, argv: list[str]) -> None:
    assert processes.argv(line) == (argv, "")


@pytest.mark.parametrize(
    "line", ["a && b", "a | b", "a > f", "a; b", "a &", "a 2>&1", "a `b`", "a $(b)", "a 'b", "A=1"]
)
def test_a_line_that_only_a_shell_could_run_is_not_run_and_the_reason_is_said(line: str) -> None:
    words, why = processes.argv(line)
    assert words == []
    assert why.startswith(("its line", "its quotes"))


def test_the_application_of_a_celery_command_is_found() -> None:
    assert processes.celery_app(["celery", "-A", "shop", "worker"]) == "shop"
    assert processes.celery_app(["python", "-m", "celery", "--app=shop.tasks", "beat"]) == "shop.tasks"
    assert processes.celery_app(["python", "manage.py", "-A", "x"]) is None
