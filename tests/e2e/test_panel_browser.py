"""The whole way in Chromium on the real platform: link, administrator, URL, guesses, form, job page, live site."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import playing
from tests.browsers import become_administrator, fits, numbers, picture
from tests.platforms import Platform
from tests.playing import URLS
from tests.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.browser]

PRODUCTION = {
    "words/production.py": 'from words.settings import *\n\nROOT_URLCONF = "words.production_urls"\n',
    "words/production_urls.py": URLS.replace('"first"', '"by-production"'),
}


def test_a_visitor_goes_from_the_link_to_a_live_site_and_what_they_changed_is_what_is_built(
    platform: Platform, page: Page, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    project = playing.words(platform, tmp_path, "panelled", PRODUCTION)
    become_administrator(page, platform.dz("admin", "link").out.strip())
    page.goto(f"{platform.url}new")
    page.get_by_label("Git URL").fill(project.repository.url)
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_role("heading", name=f"Look into the repository of {project.name}")).to_be_visible()
    expect(page.get_by_role("heading", name="What was found")).to_be_visible()
    picture(page, "e2e-found")
    page.get_by_role("link", name="Check how").click()
    picture(page, "e2e-form")
    fits(page)
    expect(page.get_by_role("radio", name="words.production")).to_be_checked()
    page.get_by_role("radio", name="words.settings").check()
    with platform.parked("build_bundle"):
        page.get_by_role("button", name="Build and deploy").first.click()
        expect(page.get_by_role("heading", name=f"Build and deploy {project.name}")).to_be_visible()
        # the step is not over, and its lines are here without a reload
        expect(page.locator('.fold[data-step="build_bundle"] .line').first).to_be_attached()
        expect(page.locator(".step-running")).to_contain_text("build-1")
        picture(page, "e2e-running")
        fits(page)
        platform.kill("panel")
    expect(page.locator(".done .address")).to_contain_text(project.host)
    picture(page, "e2e-live")
    fits(page)
    whole = platform.dz("job", page.url.rpartition("/")[2], "--json").json
    # Sorted: a step that goes on beside another has its lines in a fold of its own.
    until(lambda: sorted(numbers(page)) == list(range(1, whole["lines"] + 1)), what="every line is there once")
    assert "first" in project.page(), "not as it was guessed, but as it was chosen"
    page.goto(f"{platform.url}projects/{project.name}/settings")
    expect(page.locator("pre")).to_contain_text("django_settings_module = words.settings")
