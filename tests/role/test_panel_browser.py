"""The panel in Chromium: a link, a URL, the form, and the live log whose stream is cut in mid-step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import PanelSite, become_administrator, cut_streams, fits, numbers, picture
from tests.panels import Hands
from tests.unit.tasklib.test_sitelogs import append
from tests.waiting import until

pytestmark = pytest.mark.browser
URL = "https://git.example/ada/shop"


def enter(page: Page) -> None:
    from dz2 import links

    become_administrator(page, links.make()[0])


def test_from_the_link_over_the_form_to_the_live_site(
    panel_site: PanelSite, page: Page, hands: Hands, tmp_path: Path
) -> None:
    from dz.tasks.shipping import Shipper
    from dz2.models import Project

    enter(page)
    expect(page.get_by_label("Git URL")).to_be_focused()
    picture(page, "empty")
    fits(page)
    page.get_by_label("Git URL").fill("nonsense")
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("alert")).to_be_focused()
    picture(page, "wrong-url")
    page.get_by_label("Git URL").fill(URL)
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("heading", name="Look into the repository of shop")).to_be_visible()
    hands.check(variables=("STRIPE_API_KEY",))
    # without a reload, the guesses appear
    expect(page.get_by_role("heading", name="What was found")).to_be_visible()
    expect(page.get_by_text("shop.settings", exact=True)).to_be_visible()
    picture(page, "found")
    fits(page)
    page.get_by_role("link", name="Check how shop will be built").click()
    page.get_by_role("button", name="Build and deploy").first.click()
    expect(page.get_by_role("alert")).to_contain_text("STRIPE_API_KEY has no value yet.")
    page.get_by_label("STRIPE_API_KEY").fill("sk-1")
    page.get_by_text("As found (").click()
    page.get_by_label("Settings module").fill("shop.production")
    picture(page, "form")
    fits(page)
    page.get_by_role("button", name="Build and deploy").first.click()
    expect(page.get_by_role("heading", name="Build and deploy shop")).to_be_visible()
    assert "django_settings_module = shop.production" in Project.objects.get().build_config
    hands.deploy()
    expect(page.locator(".done .address")).to_contain_text("shop.localhost")
    picture(page, "live")
    project = "/projects/shop"
    pages = ("/", "/jobs", "/hosts", "/account", "/nowhere", project)
    for path in (*pages, f"{project}/variables", f"{project}/settings", f"{project}/form"):
        page.goto(panel_site.url + path)
        picture(page, f"page{path.replace('/', '-')}")
        fits(page)
    page.goto(f"{panel_site.url}{project}/logs?level=error")
    expect(page.locator(".fold[data-step=release-1]")).to_contain_text("release 1 is live")
    append(log_file(tmp_path), "INFO hidden\nERROR shown\n")
    Shipper(tmp_path, "app-1").look()
    expect(page.locator("#L3 .text")).to_have_text("web.1  ERROR shown")
    assert numbers(page) == [1, 3]
    picture(page, "site-log")
    fits(page)


def log_file(home: Path) -> Path:
    from dz2.models import Release

    release = Release.objects.select_related("project").get()
    app_id = release.project.app_id
    path = home / "run" / app_id / "log" / f"{app_id}-{release.number}-web.1.log"
    path.parent.mkdir(parents=True)
    return path


def test_a_phone_that_is_turned_is_at_the_logs_end_again(page: Page, panel_site: PanelSite, hands: Hands) -> None:
    from dz2.services import deploy

    enter(page)
    job = deploy(URL)
    page.goto(f"{panel_site.url}/jobs/{job.pk}")
    hands.write(hands.claim("build_and_deploy"), *[f"line {n}" + " of many words" * 12 for n in range(1, 901)])
    expect(page.locator("#L900")).to_be_attached()

    def at_end() -> bool:
        return bool(page.locator("#log").evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight < 8"))

    for width in (390, 844, 390):
        page.set_viewport_size({"width": width, "height": 844})
        until(at_end, what="all lines are wrapped anew, and the end is in view")


def test_lines_show_as_they_are_written_and_a_cut_stream_loses_and_doubles_none(
    panel_site: PanelSite, zoomdb: str, page: Page, hands: Hands
) -> None:
    from django.contrib.sessions.models import Session

    from dz2.joblog import Writer
    from dz2.services import deploy

    enter(page)
    job = deploy(URL)
    page.goto(f"{panel_site.url}/jobs/{job.pk}")
    claimed = hands.claim("build_and_deploy")
    expect(page.locator(".step-running")).to_contain_text("Check out the code")
    hands.write(claimed, "the first line", "the second")
    # by the stream: nothing polls before three tries of it have failed
    expect(page.locator("#L2 .text")).to_have_text("the second")
    hands.write(claimed, *[f"line {n}" for n in range(3, 1201)])
    expect(page.locator("#L1200")).to_be_attached()
    cut_streams(zoomdb)  # the panel listens anew, the browser's stream stays
    hands.write(claimed, "after a restart of zoomdb")
    expect(page.locator("#L1201")).to_be_attached()
    panel_site.stop()
    hands.write(claimed, *[f"unseen {n}" for n in range(1202, 1301)])
    panel_site.start()
    expect(page.locator("#L1300")).to_be_attached()
    hands.write(claimed, "after the cut")
    expect(page.locator("#L1301 .text")).to_have_text("after the cut")
    assert numbers(page) == list(range(1, 1302))
    assert page.locator("#log").evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 8, "it follows"
    page.locator("#log").hover()
    page.mouse.wheel(0, -400)
    expect(page.get_by_label("Follow")).not_to_be_checked()
    hands.write(claimed, "while the reader reads")
    expect(page.get_by_role("button", name="1 new line")).to_be_visible()
    page.get_by_role("button", name="1 new line").click()
    expect(page.get_by_label("Follow")).to_be_checked()
    picture(page, "running")
    fits(page)
    Session.objects.all().delete()
    panel_site.stop()
    panel_site.start()
    page.get_by_label("E-mail").fill("ada@example.org")  # nobody pressed anything: the page led to the sign-in
    page.get_by_label("Password").fill("lovelace-1843")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#L1302 .text")).to_have_text("while the reader reads")
    told: Any = {
        "id": "settings.variable-missing",
        "sentence": "The project needs the variable STRIPE_API_KEY, and it has no value.",
        "where": 'shop/settings/prod.py:42 STRIPE_API_KEY = os.environ["STRIPE_API_KEY"]',
        "next": "dz env set PROJECT STRIPE_API_KEY asks for it; then deploy or push again.",
    }
    with Writer(claimed) as log:
        log.begin("Check that it starts")
        log.note(told["sentence"], level="error")
    hands.end(claimed, "failed", **told)
    expect(page.locator(".problem")).to_contain_text(told["sentence"])
    page.locator(".fold[data-state=failed] summary").click()
    expect(page.locator("#L1304")).to_be_hidden()
    page.get_by_role("link", name="Show line 1304 of the log").click()
    expect(page.locator("#L1304")).to_be_in_viewport()
    picture(page, "failed")
    fits(page)
    page.goto(f"{panel_site.url}/jobs/{job.pk}#L700")
    expect(page.locator("#L700")).to_be_in_viewport()
    page.goto(f"{panel_site.url}/jobs/{job.pk}?q=unseen")
    expect(page.get_by_text(re.compile("99 lines hold"))).to_be_visible()


def test_the_stream_folds_lines_as_the_page_does(panel_site: PanelSite, page: Page, hands: Hands) -> None:
    from dz2.joblog import Writer
    from dz2.services import deploy

    enter(page)
    job = deploy(URL)
    page.goto(f"{panel_site.url}/jobs/{job.pk}")
    claimed = hands.claim("build_and_deploy")
    expect(page.locator(".step-running")).to_contain_text("Check out the code")
    with Writer(claimed) as log:
        for said in ("once", "of another attempt"):
            log.begin("Check out the code")
            log.end("Check out the code", 1.0, ok=True)
            log.note(said)
        log.begin("Another part")
    counts = page.locator("#log .fold .count")
    for _ in range(2):
        expect(counts).to_have_text(["3 lines", "3 lines", "1 line"])
        page.reload()
