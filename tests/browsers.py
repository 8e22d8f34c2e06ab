"""Chromium, and a panel that it can reach by TCP and that a test can end and start again in mid-stream."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.waiting import until

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60_000.0  # milliseconds that anything on a page may take on a slow machine
PICTURES = os.environ.get("DZ_PICTURES", "")  # a folder for screenshots, to be looked at
expect.set_options(timeout=DEADLINE)


@dataclass(kw_only=True)
class PanelSite:
    """``stop`` cuts every connection at once."""

    port: int
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        argv = [sys.executable, "-m", "uvicorn", "tests.panelsite:application", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv, "--log-level", "warning"],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._answers, what="the panel answers")

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: as long as it runs this thread counts as one with an event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the loop is Playwright's, not the ORM's
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh visitor; an error in any script of the page fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(DEADLINE)
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield found
    context.close()
    assert not errors


@pytest.fixture
def panel_site(zoomdb: str, keys_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PanelSite]:
    from dz2 import accounts

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "DZ_HOME": str(tmp_path),
        "DZ_ZOOMDB_URL": zoomdb,
        "DZ_KEYS_FILE": str(keys_file),
        "DZ_PANEL_URL": f"http://localhost:{port}/",
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    accounts.panel.cache_clear()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | ours | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONUTF8": "1"}
    site = PanelSite(port=port, environment=environment, log=tmp_path / "panel.log")
    site.start()
    try:
        yield site
    finally:
        site.stop()
        accounts.panel.cache_clear()


def cut_streams(zoomdb: str) -> None:
    """End the panel's LISTEN connections, as a restart of zoomdb would."""
    with psycopg.connect(zoomdb, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'")


def become_administrator(page: Page, link: str) -> None:
    """By the one-time link; ends on the projects."""
    page.goto(link)
    picture(page, "welcome")
    fits(page)
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("lovelace-1843")
    page.get_by_role("button", name="Become administrator").click()
    expect(page.get_by_role("link", name="Hosts")).to_be_visible()


def numbers(page: Page) -> list[int]:
    """Those of the log's lines on the page, as they stand."""
    return [int(one) for one in page.locator("#log .line .no").all_text_contents()]


def fits(page: Page) -> None:
    """Nothing scrolls sideways on a phone, each link and button is wide enough for a finger, a search for its word."""
    page.set_viewport_size({"width": 360, "height": 740})
    heights = "all => all.map(e => e.getBoundingClientRect().height).filter(h => h && h < 24)"
    assert page.locator(".bar a, td a, button, .button").evaluate_all(heights) == [], page.url
    widths = "all => all.map(e => e.getBoundingClientRect().width).filter(w => w < 160)"
    assert page.locator(".log-bar input[type=search]").evaluate_all(widths) == [], page.url
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0, page.url
    page.set_viewport_size({"width": 1200, "height": 900})


def picture(page: Page, name: str) -> None:
    """Light, dark and as on a phone, if somebody wants to look."""
    if not PICTURES:
        return
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    page.screenshot(path=Path(PICTURES) / f"{name}-360.png", full_page=True)
    page.set_viewport_size({"width": 1200, "height": 900})
