"""What every page of the panel owes: its frame and a way on when it fails, one job for two presses, no question twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.panels import Hands
from tests.visiting import URL, checked, shown, to

VARIABLE = "STRIPE_API_KEY"


def test_a_page_that_fails_keeps_the_frame_says_why_and_leads_on(
    ada: Client, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.auth import get_user_model

    checked(ada, hands)
    for path, said in {
        "/nowhere": "There is no such page",
        "/jobs/one": "There is no such page",
        "/jobs/99": "no job 99",
        "/jobs/99999999999999999999": "99999999999999999999",
        "/projects/shopp": "Did you mean shop?",
    }.items():
        answer = ada.get(path)
        assert answer.status_code == 404, path
        assert framed(answer, said), path
    monkeypatch.setenv("DZ_KEYS_FILE", "")  # now no secret can be sealed
    ada.raise_request_exception = False
    broken = ada.post("/projects/shop/variables", {"name": "A", "value": "b"})
    assert broken.status_code == 500 and framed(broken, "Not your fault")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ada.cookies
    forged = strict.post("/projects/shop/deploy")
    assert forged.status_code == 403 and framed(forged, "Nothing was changed")
    get_user_model().objects.update(is_staff=False)
    refused = ada.get("/hosts")
    assert refused.status_code == 403 and framed(refused, "Hosts are shown to administrators")


def framed(answer: Any, said: str) -> bool:
    page = answer.content.decode()
    return said in shown(answer) and 'aria-label="Panel"' in page and 'href="/jobs"' in page


def test_a_form_pressed_twice_begins_one_job_and_its_page_come_back_to_later_begins_another(
    ada: Client, hands: Hands
) -> None:
    from dz2.models import Job

    sent = {"target": URL, "key": "k1"}
    first = to(ada.post("/new", sent))
    assert to(ada.post("/new", sent)) == first
    hands.check()
    assert to(ada.post("/new", sent)) != first, "the check is over: who presses now means another"
    deployed = to(ada.post("/projects/shop/deploy", {"key": "k2"}))
    assert to(ada.post("/projects/shop/deploy", {"key": "k2"})) == deployed
    hands.end(hands.claim("build_and_deploy"), "failed", sentence="over", id="x")
    assert to(ada.post("/projects/shop/deploy", {"key": "k2"})) != deployed
    count = Job.objects.count()
    for path, page in {
        "/projects/shop/deploy": "/projects/shop",
        "/projects/shop/check": "/projects/shop",
        f"{deployed}/again": deployed,
        f"{deployed}/cancel": deployed,
    }.items():
        assert to(ada.get(path)) == page, "as after signing in again from a form"
    assert Job.objects.count() == count
    assert 'name="key"' in ada.get("/projects/shop").content.decode()


def test_a_variable_left_unset_is_not_asked_for_again_and_the_build_is_told(ada: Client, hands: Hands) -> None:
    from dz2.api.documents import check_document
    from dz2.models import Job, Project

    checked(ada, hands, VARIABLE)
    both = ada.post("/projects/shop/form", {f"env-{VARIABLE}": "sk", f"unset-{VARIABLE}": "on"})
    assert both.status_code == 422 and "only one of the two" in shown(both)
    assert f'name="unset-{VARIABLE}" checked' in both.content.decode() and ">sk</textarea>" in both.content.decode()
    assert ada.post("/projects/shop/form", {f"unset-{VARIABLE}": "on"}).status_code == 302
    project = Project.objects.get()
    assert project.left_unset == [VARIABLE] and not project.configs.exists()
    assert hands.door(hands.claim("build_and_deploy")).project().left_unset == (VARIABLE,), "its log says so"
    assert "Nothing needs you" in shown(ada.get("/projects/shop/form"))
    assert check_document(Job.objects.get(kind="check_repo"))["missing"] == [], "the command line does not ask either"
    assert f"Left unset, as you decided: {VARIABLE}" in shown(ada.get("/projects/shop/variables"))
    ada.post("/projects/shop/variables", {"name": VARIABLE, "value": "sk"})
    assert "Left unset" not in shown(ada.get("/projects/shop/variables"))


def test_a_failure_links_to_its_line_in_the_log(ada: Client, hands: Hands) -> None:
    from dz2.joblog import Writer
    from dz2.models import Job
    from dz2.panel.lines import PAGE

    checked(ada, hands)
    job = to(ada.post("/projects/shop/deploy"))
    claimed = hands.claim("build_and_deploy")
    with Writer(claimed) as log:
        log.begin("Check that it starts")
        log.output(b"KeyError\n")
        log.end("Check that it starts", 0.4, ok=False)
        log.note("it needs a variable", level="error")
        log.note("after it")
    hands.end(claimed, "failed", sentence="it needs a variable", id="x")
    page = ada.get(job).content.decode()
    assert f'<a href="{job}#L4">Show line 4 of the log</a>' in page and 'id="L4"' in page
    Job.objects.filter(pk=job.rpartition("/")[2]).update(next_seq=PAGE + 10)
    assert f'<a href="{job}?before=504#L4">' in ada.get(job).content.decode(), "where it is not on the last page"


def test_a_running_step_shows_its_parts_with_their_seconds(ada: Client, hands: Hands) -> None:
    from dz2.joblog import Writer
    from dz2.panel.stream import read

    assert ada.post("/new", {"target": URL}).status_code == 302
    claimed = hands.claim("check_repo")
    with Writer(claimed) as log:
        log.begin("Check out the code")
        log.end("Check out the code", 1.25, ok=True)
        log.begin("Inspect the project")
    said = read(claimed.job_id, 0)
    assert said is not None and said["parts"], "the page is told to ask for them"
    answer = ada.get(f"/jobs/{claimed.job_id}/live")
    assert "Check out the code 1.2 s Inspect the project" in shown(answer)
    assert answer.content.decode().count('class="part part-running"') == 1


def test_what_no_column_holds_is_found_nowhere_and_breaks_no_page(ada: Client, hands: Hands) -> None:
    checked(ada, hands)
    job = to(ada.post("/projects/shop/check"))
    many = "9" * 5000
    for address, status in {
        "/?q=%00": 200,
        f"{job}?q=%00": 200,
        f"{job}?before={many}": 200,
        f"/jobs?before={many}": 200,
        "/projects/shop/logs?search=%00&process=%00": 200,
    }.items():
        assert ada.get(address).status_code == status, address


def test_a_first_look_that_came_to_nothing_takes_another_address_and_leaves_no_empty_project(
    ada: Client, hands: Hands
) -> None:
    from dz2.models import Job, Project, VirtualHostname

    def fail() -> str:
        claimed = hands.claim("check_repo")
        hands.end(claimed, "failed", id="repo.not-found", sentence="git.example has no repository ada/shpo.")
        return f"/jobs/{claimed.job_id}"

    ada.post("/new", {"target": "https://git.example/ada/shpo", "ref": "main"})
    page = fail()
    text = ada.get(page).content.decode()
    assert "has no repository ada/shpo" in text and f'action="{page}/elsewhere"' in text
    assert 'value="https://git.example/ada/shpo"' in text and 'value="main"' in text
    wrong = ada.post(f"{page}/elsewhere", {"target": "shop"})
    assert (wrong.status_code, Project.objects.get().name) == (422, "shpo")
    assert "<title>Error: " in wrong.content.decode() and '<a href="#id_target">' in wrong.content.decode()

    ada.post("/projects/shpo/key")
    sent = {"target": URL, "key": "once"}
    looks = to(ada.post(f"{page}/elsewhere", sent))
    assert to(ada.post(f"{page}/elsewhere", sent)) == looks, "a double submit is one job"
    shop = Project.objects.get(destroyed_at=None)
    assert (shop.name, shop.repo_url, shop.ref, Job.objects.count()) == ("shop", URL, "", 2)
    assert shop.deploy_key_public and not Project.objects.exclude(pk=shop.pk).get().deploy_key
    assert [one.hostname for one in VirtualHostname.objects.all()] == ["shop.localhost"]
    assert "shpo" not in shown(ada.get("/"))
    assert "/elsewhere" not in ada.get(page).content.decode()
    hands.check()
    assert "/elsewhere" not in ada.get(looks).content.decode()


@pytest.mark.parametrize("name", ["", "the-shop"])
def test_another_branch_of_the_same_address_is_looked_for_in_the_same_project_whose_name_stays(
    ada: Client, hands: Hands, name: str
) -> None:
    from dz2.models import Project

    ada.post("/new", {"target": "https://git.example/ada/shop", "ref": "mian", "name": name})
    claimed = hands.claim("check_repo")
    hands.end(claimed, "failed", id="repo.ref-not-found", sentence="shop has no branch, tag or commit mian.")
    first = Project.objects.get()
    ada.post(f"/jobs/{claimed.job_id}/elsewhere", {"target": "https://git.example/ada/shop", "ref": "main"})
    now = Project.objects.get()
    assert (now.pk, now.name, now.ref) == (first.pk, name or "shop", "main")
    claimed = hands.claim("check_repo")
    hands.end(claimed, "failed", id="repo.not-found", sentence="No such repository.")
    ada.post(f"/jobs/{claimed.job_id}/elsewhere", {"target": "https://git.example/ada/store"})
    assert Project.objects.get(destroyed_at=None).name == (name or "store")
