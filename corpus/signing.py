"""Whether a person can sign in to a site: its form with a password, filled in and sent as a browser does.

The administrator is made with ``dz admin create``. What is told is where the answer to the form leads: signed in is a
page that answers 200 and has no form with a password any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from tests.platforms import Platform

HOPS = 6
EMAIL = "admin@example.com"


def signed_in(platform: Platform, slug: str, site: str, path: str) -> str:
    """Where one is after the log-in at ``path``, or at the project's admin where that does not let one in."""
    ran = platform.dz("admin", "create", slug, "--email", EMAIL, "--json", deadline=300)
    made: dict[str, Any] = ran.json
    if ran.code:
        return f"no administrator: {made.get('error') or made.get('state')}"
    told = "it has no page to sign in"
    for place in dict.fromkeys([path, *([urlsplit(made["url"]).path] if made["url"] else [])]):
        visitor = Visitor(site, platform.port)
        with visitor.client:
            page = visitor.get(place)
            if page.form is None:
                continue
            after = visitor.send(page, {"password": made["password"], "email": EMAIL, "text": made["name"]})
            if after.status == 200 and after.form is None:
                return f"yes, `{after.path}`"
            told = f"no, {after.status} `{after.path}`"
    return told


@dataclass
class Form:
    """Fields by name: their type and their value."""

    action: str
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)

    def filled(self, given: dict[str, str]) -> dict[str, str]:
        """What is typed goes by the kind of the field; all else is sent as it came."""
        return {
            name: given.get(kind, "") if kind == "password" or (kind in given and not value) else value
            for name, (kind, value) in self.fields.items()
        }


class Forms(HTMLParser):
    """The forms of a page that ask for one password."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Form] = []

    @property
    def wanted(self) -> Form | None:
        kinds = [(form, [kind for kind, _ in form.fields.values()]) for form in self._all]
        return next((form for form, has in kinds if has.count("password") == 1), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self._all.append(Form(action=told.get("action") or ""))
        name, kind = told.get("name"), (told.get("type") or "text").lower()
        if not (self._all and name):
            return
        if (tag == "input" and kind not in ("checkbox", "radio", "submit")) or (tag == "button" and told.get("value")):
            self._all[-1].fields[name] = (kind, told.get("value") or "")


@dataclass(frozen=True)
class Page:
    status: int
    path: str
    form: Form | None


class Visitor:
    """Somebody with cookies, who comes through the proxy as to the site's own host name."""

    def __init__(self, site: str, port: int) -> None:
        self._host = urlsplit(site).netloc
        self.client = httpx2.Client(trust_env=False, base_url=f"http://127.0.0.1:{port}", timeout=60)

    def get(self, path: str) -> Page:
        return self._ask("GET", path)

    def send(self, page: Page, given: dict[str, str]) -> Page:
        assert page.form is not None, "a page that asks for a password"
        return self._ask("POST", self._path(page.path, page.form.action), page.form.filled(given), page.path)

    def _path(self, path: str, target: str) -> str:
        there = urlsplit(urljoin(f"http://{self._host}{path}", target))
        return there._replace(scheme="", netloc="", fragment="").geturl() or "/"

    def _ask(self, method: str, path: str, data: dict[str, str] | None = None, referer: str = "/") -> Page:
        for _ in range(HOPS):
            headers = {"Host": self._host, "Referer": f"http://{self._host}{referer}"}
            answer = self.client.request(method, path, data=data, headers=headers, follow_redirects=False)
            if not answer.is_redirect:
                break
            method, path, data = "GET", self._path(path, answer.headers["Location"]), None
        forms = Forms()
        forms.feed(answer.text)
        return Page(answer.status_code, path, forms.wanted)
