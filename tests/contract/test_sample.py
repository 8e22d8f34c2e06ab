"""The sample site, from its repository's files to an administrator who logs in by form."""

from __future__ import annotations

import re
import shutil
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from tests.contract.test_guest_manage import database, database_environment  # noqa: F401
from tests.guests import Site, environment
from tests.serving import Running, serving

SAMPLE = Path(__file__).resolve().parents[2] / "sample" / "hello"
PASSWORD = "a-long-password-for-ada"
ORIGIN = "http://hello.localhost:8800"


class Browser:
    """Cookies kept, forms sent with their token and the Origin that a browser sends."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path, b"")[:2]

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Fill the form of a page; the status and where it leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)[1])
        assert token
        status, _, headers = self._ask("POST", path, urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode())
        return status, headers.get("location", "")

    def _ask(self, method: str, path: str, body: bytes) -> tuple[int, str, dict[str, str]]:
        headers = {
            "Host": "hello.localhost:8800",
            "Origin": ORIGIN,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Length": str(len(body)),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        status, page, told = self.running.ask(method, path, headers, body)
        for name, value in told:
            if name.lower() == "set-cookie":
                self.cookies |= {key: one.value for key, one in SimpleCookie(value).items()}
        return status, page.decode(), {name.lower(): value for name, value in told}


def test_the_sample_site_takes_an_entry_and_its_administrator(tmp_path: Path, database: str) -> None:  # noqa: F811
    shutil.copytree(SAMPLE, tmp_path / "code")
    spec = {
        "project_root": str(tmp_path / "code"),
        "settings_module": "hello.settings",
        "wsgi": "hello.wsgi.application",
        "hosts": ["hello.localhost"],
        "port": 8800,
        "static_root": str(tmp_path / "static"),
        "media_root": str(tmp_path / "media"),
        "workers": 1,
    }
    site = Site(tmp_path, environment("newest"), spec, database_environment(database))
    site.env |= {"DZ_SECRET_KEY": "k" * 50, "DZ_RELEASE": "7", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    assert site.probe(["hello.settings"], wsgi=("hello.wsgi.application",)).learned.staticfiles
    assert site.manage("migrate").ok
    assert site.manage("collectstatic").ok
    assert (tmp_path / "static" / "guestbook" / "book.css").exists()
    assert site.manage("createsuperuser", "--noinput", "--username=ada", "--email=ada@example.org").ok
    assert site.manage("makemigrations", "--check", "--dry-run").ok
    with serving(site) as running:
        browser = Browser(running)
        assert browser.post("/", name="Ada", words="The first line") == (302, "/")
        status, page = browser.get("/")
        assert (status, "The first line" in page, "Release 7" in page) == (200, True, True), running.log.read_text()
        assert browser.post("/admin/login/?next=/admin/", username="ada", password=PASSWORD) == (302, "/admin/")
        assert "Entries" in browser.get("/admin/")[1]
