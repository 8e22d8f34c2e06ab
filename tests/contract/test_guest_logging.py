"""What the settings make of a log: an error in a request is in it once, under the oldest and newest Django."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.test_guest_settings import site
from tests.guests import URLS, environment, everywhere

LOGGING = """
LOGGING = {
    "version": 1,
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": "/proc/no/such/site.log"},
        "kept": {"class": "logging.FileHandler", "filename": BASE + "/logs/kept.log"},
    },
    "loggers": {"django": {"handlers": ["file", "kept"], "level": "ERROR", "propagate": False}},
}
"""


@everywhere
@pytest.mark.parametrize("lines", ["", LOGGING], ids=["without", "with"])
def test_an_error_in_a_request_is_in_the_log_once(name: str, lines: str, tmp_path: Path) -> None:
    made = site(tmp_path, environment(name), lines + '\nALLOWED_HOSTS = ["testserver"]')
    (made.code / "peek" / "management" / "commands" / "fail.py").write_text(
        "import logging\nfrom django.core.management.base import BaseCommand\n"
        "class Command(BaseCommand):\n"
        "    def handle(self, *a, **k): logging.getLogger('django.request').error('Internal Server Error: /x')\n"
    )
    finished = made.guest("manage", "fail")
    assert finished.ok, finished.text
    assert finished.text.count("Internal Server Error: /x") == 1
    if lines:
        assert "Server Error" in (made.code / "logs" / "kept.log").read_text()


ASKED = """
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

class Command(BaseCommand):
    def handle(self, *args, **options):
        request = RequestFactory().get(options["path"], HTTP_HOST="shop.localhost")
        get_wsgi_application()(request.environ, lambda status, headers, *more: print("answered", status))

    def add_arguments(self, parser):
        parser.add_argument("path")
"""


ERRING = """
def fail(request, exception=None):
    raise LookupError("of " + request.path)
urlpatterns.append(re_path("^page$", fail))
handler404 = fail
"""


@everywhere
def test_the_exception_of_a_page_and_of_one_for_errors_is_in_the_log_once(name: str, tmp_path: Path) -> None:
    made = site(tmp_path, environment(name), LOGGING)
    (made.code / "peek/management/commands/asked.py").write_text(ASKED)
    (made.code / "site_urls.py").write_text(URLS + ERRING)
    for path in ("/page", "/nowhere"):
        said = made.guest("manage", "asked", path).text
        assert "answered 500" in said and said.count(f"LookupError: of {path}\n") == 1, said
