"""A project's tabs: what a rollback changes before it is pressed, variables one by one and by the .env, its data, its
formation, its rest and its end. Each press is the act that the API has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dz.errors import UserError
from tests.panels import Hands
from tests.visiting import checked, shown, to

SHOP = "/projects/shop"


@pytest.fixture
def shop(ada: Client, hands: Hands) -> Any:
    """Live, once deployed."""
    from dz2.models import Project

    checked(ada, hands, "STRIPE_API_KEY", "GREETING")
    ada.post(f"{SHOP}/deploy")
    hands.deploy()
    return Project.objects.get()


def release(shop: Any, number: int, state: str, **manifest: Any) -> Any:
    """A release of a bundle of its own, with today's variables."""
    from dz2 import configs
    from dz2.models import Bundle, Release

    commit = f"{number}" * 40
    bundle = Bundle.objects.create(project=shop, commit=commit, platform="linux", manifest=manifest)
    how: dict[str, Any] = {
        "bundle": bundle,
        "config": configs.latest(shop),
        "build_config": f"[project]\npython_version = 3.{number}\n",
    }
    found, _ = Release.objects.update_or_create(
        project=shop,
        number=number,
        defaults=how | {"state": state, "commit": commit, "subject": f"Commit {number}", "live_at": timezone.now()},
    )
    return found


def test_a_project_that_is_pushed_to_names_where_to_push(
    ada: Client, shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dz2 import pushes, services
    from dz2.accounts import panel

    here = panel().model_copy(update={"push_folder": tmp_path})
    for one in (pushes, services):
        monkeypatch.setattr(one, "panel", lambda: here)
    pushes.take("shop", replace=True)
    for page in (SHOP, f"{SHOP}/settings"):
        text = shown(ada.get(page))
        assert "http://localhost:8800/git/shop.git" in text and "file://" not in text
    new = pushes.take("inn").project
    new.jobs.create(kind="check_repo", state="failed")  # nothing was pushed yet
    assert services.project_of("https://git.example/ada/inn").name == "inn-2"


def test_a_rollback_says_what_it_changes_and_a_migration_between_has_to_be_agreed_to(ada: Client, shop: Any) -> None:
    from dz2 import configs
    from dz2.models import Job

    release(shop, 1, "retired", packages={"django": "5.1"}, migrations=[["shop", "0001_initial", True]])
    configs.change(shop, {"GREETING": "hello"}, by="ada")
    known = [["shop", "0001_initial", True], ["shop", "0002_price", False]]
    release(shop, 2, "live", packages={"django": "5.2"}, migrations=known)
    listed = shown(ada.get(f"{SHOP}/releases"))
    assert "Commit 2" in listed and "Compare with live" in listed
    page = shown(ada.get(f"{SHOP}/releases/1"))
    for said in (
        "Rolling back to 1 undoes 1 commit, leaves the variables, leaves 1 migration applied that its code does not",
        "django 5.2 5.1",
        "GREETING had another value then. Today's stay.",
        "shop.0002_price can't be undone",
        "- python_version = 3.2 + python_version = 3.1",
    ):
        assert said in page
    assert "On the command line dz rollback shop 1 Copy" in page
    chosen = shown(ada.get(f"{SHOP}/releases/1?with_config=on"))
    assert "takes the variables of then" in chosen and "dz rollback shop 1 --with-config" in chosen
    refused = ada.post(f"{SHOP}/releases/1", {"key": "k", "with_config": "on"})
    assert refused.status_code == 422 and "Say that the migrations stay applied" in shown(refused)
    pressed = {"key": "k", "with_config": "on", "agreed": "on"}
    job = to(ada.post(f"{SHOP}/releases/1", pressed))
    assert to(ada.post(f"{SHOP}/releases/1", pressed)) == job, "pressed twice it is one"
    asked = Job.objects.latest("pk")
    assert asked.kind == "rollback" and asked.job_params["release"] == 1 and asked.job_params["with_config"]
    assert to(ada.get(f"{SHOP}/releases/2")) == f"{SHOP}/releases", "it is live"
    shop.releases.filter(number=1).update(bundle=shop.live_release().bundle)
    same = shown(ada.get(f"{SHOP}/releases/1"))
    assert "It would change nothing. Take the variables of then" in same and "Roll back to 1" not in same
    assert ada.get(f"{SHOP}/releases/7").status_code == 404


def test_after_a_rollback_the_way_to_the_newer_code_leads_forward(ada: Client, shop: Any) -> None:
    from dz2 import releases
    from dz2.models import Release

    first, second = release(shop, 1, "retired"), release(shop, 2, "retired")
    back = Release.objects.create(
        project=shop, number=3, state="live", bundle=first.bundle, commit=first.commit, live_at=timezone.now()
    )
    change = releases.between(shop, second)
    assert (change.forward, [one.number for one in change.commits]) == (True, [2])
    back.state = "retired"
    back.save()
    release(shop, 4, "live")
    change = releases.between(shop, first)
    assert (change.forward, [one.number for one in change.commits]) == (False, [4, 2]), "a rollback brought no commit"


def test_a_variable_is_listed_with_what_reads_it_and_shown_only_when_asked_for(ada: Client, shop: Any) -> None:
    page = f"{SHOP}/variables"
    assert "STRIPE_API_KEY ! no value - shop/settings.py:42 Leave unset" in shown(ada.get(page))
    ada.post(page, {"name": "STRIPE_API_KEY", "value": "sk-1"})
    listed = shown(ada.get(page))
    assert "just now by ada@example.org, config 1 shop/settings.py:42" in listed and "sk-1" not in listed
    revealed = ada.post(f"{page}/reveal", {"name": "STRIPE_API_KEY"})
    assert "sk-1" in shown(revealed) and revealed.headers["Cache-Control"] == "no-store"
    assert ada.post(f"{page}/reveal", {"name": "OTHER"}).status_code == 404
    assert "STRIPE_API_KEY was shown to ada@example.org just now" in shown(ada.get(page))
    assert to(ada.get(f"{page}/reveal")) == page, "an address shows nothing"
    ada.post(f"{page}/leave", {"name": "GREETING"})
    assert "Left unset, as you decided: GREETING" in shown(ada.get(page))
    ada.post(f"{page}/unset", {"name": "STRIPE_API_KEY"})
    assert "STRIPE_API_KEY ! no value" in shown(ada.get(page))


def test_a_pasted_env_is_saved_after_its_preview_and_what_it_lacks_goes_only_if_told(ada: Client, shop: Any) -> None:
    from dz2 import configs

    def values() -> dict[str, str]:
        return {name: value.reveal() for name, value in configs.opened(shop, configs.latest(shop)).items()}

    page = f"{SHOP}/variables"
    configs.change(shop, {"SAME": "1", "CHANGED": "1", "GONE": "1"})
    text = 'SAME=1\r\nCHANGED=2\r\nADDED="one\r\ntwo ${SAME}"\r\n'
    preview = shown(ada.post(f"{page}/paste", {"text": text}))
    for said in ("Added (1) ADDED", "Changed (1) CHANGED", "The same (1) SAME", "Missing there (1) GONE"):
        assert said in preview
    assert len(values()) == 3, "a preview saves nothing"
    assert to(ada.post(f"{page}/paste", {"text": text, "save": "yes", "missing": "keep"})) == page
    assert values() == {"SAME": "1", "CHANGED": "2", "GONE": "1", "ADDED": "one\ntwo ${SAME}"}
    ada.post(f"{page}/paste", {"text": text, "save": "yes", "missing": "remove"})
    assert "GONE" not in values()
    wrong = ada.post(f"{page}/paste", {"text": "LD_PRELOAD=x\n"})
    assert wrong.status_code == 422 and "makes every program load other code first" in shown(wrong)


def test_the_database_is_told_with_its_backups_and_restored_by_the_typed_name(ada: Client, shop: Any) -> None:
    from dz2.models import Backup, DatabaseServer, Job, ProjectDatabase

    assert ada.post(f"{SHOP}/database/back-up").status_code == 409
    server = DatabaseServer.objects.create(instance_id="db-1", address="/nowhere")
    row: dict[str, Any] = {"server": server, "password": b"", "ready_at": timezone.now()}
    ProjectDatabase.objects.create(project=shop, name="p1", role="p1", **row)
    release(shop, 1, "live")
    Backup.objects.create(project=shop, number=1, why="nightly", state="good", rows={"public.note": 3}, size=4000)
    Backup.objects.create(project=shop, number=2, why="asked", state="failed", error="no room")
    page = shown(ada.get(f"{SHOP}/database"))
    assert "The database is asked for its size" in page and "not tested yet Restore" in page and "no room" in page
    assert to(ada.post(f"{SHOP}/database/back-up", {"key": "b"})).startswith("/jobs/")
    restore = f"{SHOP}/database/restore/1"
    assert "3 rows in 1 table" in shown(ada.get(restore))
    assert ada.post(restore, {"typed": "shopp"}).status_code == 422
    assert to(ada.post(restore, {"typed": "shop", "key": "r"})).startswith("/jobs/")
    assert Job.objects.latest("pk").job_params["restore"] == 1
    assert ada.get(f"{SHOP}/database/restore/2").status_code == 409, "it is not good"


def test_settings_scale_let_rest_and_say_what_goes(ada: Client, shop: Any) -> None:
    from dz2.models import Job

    page = f"{SHOP}/settings"
    release(shop, 1, "live")
    assert "its address shop.localhost" in shown(ada.get(page)) and "1 release" in shown(ada.get(page))
    for number, said in {"many": "Give a number of web processes", "0": "web"}.items():
        wrong = ada.post(f"{SHOP}/scale", {"count-web": number})
        assert wrong.status_code == 422 and said in shown(wrong)
    assert to(ada.post(f"{SHOP}/scale", {"count-web": "1"})) == page, "it runs so"
    assert to(ada.post(f"{SHOP}/scale", {"count-web": "2"})).startswith("/jobs/")
    assert "web 2" in shown(ada.get(SHOP))
    for act, page_of_it in {"restart": SHOP, "deactivate": page}.items():
        assert form_key(ada.get(page_of_it), f"{SHOP}/{act}"), "the form has its key"
        began = to(ada.post(f"{SHOP}/{act}", {"key": act}))
        assert to(ada.post(f"{SHOP}/{act}", {"key": act})) == began, "pressed twice it is one"
        assert Job.objects.latest("pk").kind == act
    assert "shop.localhost" in shown(ada.get("/"))
    shop.deactivated_at = timezone.now()
    shop.save()
    assert "shop.localhost" not in shown(ada.get("/")), "no link leads to what does not run"
    assert "Wake shop" in shown(ada.get(SHOP)) and "Wake shop" in shown(ada.get(page))
    ada.post(f"{SHOP}/variables", {"name": "GREETING", "value": "hello"})
    saved = shown(ada.get(f"{SHOP}/variables"))
    assert "config 1" in saved and "still runs" not in saved, "nothing of it runs, with whatever variables"
    began = to(ada.post(f"{SHOP}/activate", {"key": "wake"}))
    assert to(ada.post(f"{SHOP}/activate", {"key": "wake"})) == began


def form_key(page: Any, action: str) -> Any:
    return re.search(rf'action="{action}"[^>]*>(?:<input[^>]*>)*<input type="hidden" name="key"', page.content.decode())


def test_a_refused_change_of_domains_or_variables_leaves_nothing_of_itself(shop: Any) -> None:
    from dz2 import domains, services
    from dz2.models import Config, Job

    jobs = Job.objects.count()
    with pytest.raises(UserError, match="code first"):
        services.deploy("shop", hostnames=["www.shop.example"], variables={"LD_PRELOAD": "x"})
    shop.destroying_at = timezone.now()
    shop.save()
    release(shop, 1, "live")
    with pytest.raises(UserError):
        domains.add(shop, ["www.shop.example"])
    with pytest.raises(UserError):
        services.deploy("shop", hostnames=["www.shop.example"], variables={"KEY": "1"})
    assert (shop.hostnames.count(), Config.objects.count(), Job.objects.count()) == (1, 0, jobs)


def test_a_domain_is_added_to_what_is_live_by_a_release_and_what_is_not_the_projects_is_refused(
    ada: Client, shop: Any
) -> None:
    from dz2 import domains, services
    from dz2.models import Job, VirtualHostname

    release(shop, 1, "live")
    add, page = f"{SHOP}/domain", f"{SHOP}/settings"
    other = services.project_of("https://git.example/ada/other")
    assert domains.add(other, ["www.other.example"]) is None, "nothing of it runs that would have to know"
    for word, said in {
        "http://shop.example": "is no domain",
        "10.0.0.1": "is no domain",
        "*.shop.example": "is no domain",
        "other.localhost": "the platform gives out itself",
        "www.other.example": "leads to the project other already",
    }.items():
        wrong = ada.post(add, {"domain": word})
        assert wrong.status_code == 422 and said in shown(wrong), word
    assert to(ada.post(add, {"domain": "WWW.Shop.Example."})).startswith("/jobs/")
    assert (Job.objects.latest("pk").kind, shop.hostnames.count()) == ("restart", 2)
    assert to(ada.post(add, {"domain": "www.shop.example"})) == page, "it has it"
    assert "www.shop.example Take away" in shown(ada.get(page))
    given = ada.post(add, {"domain": "shop.localhost", "remove": "yes"})
    assert given.status_code == 422 and "got from its name" in shown(given)
    assert to(ada.post(add, {"domain": "www.shop.example", "remove": "yes"})).startswith("/jobs/")
    assert not VirtualHostname.objects.filter(hostname="www.shop.example").exists()
    assert to(ada.post(add, {"domain": "www.shop.example", "remove": "yes"})) == page, "pressed twice"


def test_domains_are_as_before_when_the_release_that_should_have_brought_them_comes_to_nothing(shop: Any) -> None:
    from dz2 import domains, engine, services
    from dz2.models import VirtualHostname

    def names() -> list[str]:
        return list(domains.listed(shop).values_list("hostname", flat=True))[1:]

    release(shop, 1, "live")
    shop.hostnames.create(hostname="kept.example")
    for ask in (
        lambda: domains.add(shop, ["kept.example", "www.shop.example"]),
        lambda: domains.remove(shop, "kept.example"),
        lambda: services.deploy("shop", hostnames=["www.shop.example"]),
    ):
        asked = ask()
        assert asked is not None and names() != ["kept.example"]
        engine.cancel(asked.pk)
        assert names() == ["kept.example"]
    switched = domains.add(shop, ["www.shop.example"])
    shop.releases.create(number=7, job=switched, state="retired", commit="7" * 40, live_at=timezone.now())
    assert switched is not None
    engine.cancel(switched.pk)
    assert "www.shop.example" in names(), "its release was live with it"
    first = services.deploy("https://git.example/ada/other", hostnames=["www.other.example"])
    engine.cancel(first.pk)
    assert VirtualHostname.objects.filter(hostname="www.other.example").exists(), "the next deploy brings it"


def test_a_domain_stays_as_long_as_a_job_is_to_bring_it_and_goes_with_the_last_of_them(shop: Any) -> None:
    from dz2 import domains, engine, services

    def deploy(*names: str) -> Any:
        return services.deploy("shop", hostnames=names)

    def own() -> list[str]:
        return list(domains.listed(shop).values_list("hostname", flat=True))[1:]

    release(shop, 1, "live")
    first, second = deploy("www.shop.example"), deploy("www.shop.example")
    engine.cancel(first.pk)
    assert own() == ["www.shop.example"], "the second is to bring it still"
    third, fourth = deploy("shop.example"), deploy("a.example")
    engine.cancel(second.pk)
    third.refresh_from_db()
    assert (third.state, own()) == ("superseded", ["shop.example", "a.example"])
    engine.cancel(fourth.pk)
    assert own() == [], "what the one that it superseded was to bring went with it"
    switched, waits = deploy("www.shop.example"), deploy("www.shop.example")
    shop.releases.create(number=7, job=switched, state="retired", commit="7" * 40, live_at=timezone.now())
    engine.cancel(switched.pk)
    engine.cancel(waits.pk)
    assert own() == ["www.shop.example"], "a release went live with it meanwhile"


def test_a_domain_that_comes_back_has_its_certificate_still(shop: Any) -> None:
    from dz2 import domains, engine

    release(shop, 1, "live")
    shop.hostnames.create(hostname="www.shop.example", tls=True)
    gone = domains.remove(shop, "www.shop.example")
    assert gone is not None
    engine.cancel(gone.pk)
    assert shop.hostnames.get(hostname="www.shop.example").tls


def test_what_a_job_warned_of_is_told_once_each_when_it_has_ended(shop: Any) -> None:
    from dz2.api.documents import job_document
    from dz2.models import Job

    made = Job.objects.create(project=shop, kind="build_and_deploy", state="running")
    lines = [("note", "warning", "web.2 waits"), ("line", "warning", "of a command"), ("note", "info", "all is well")]
    for number, (kind, level, text) in enumerate([*lines, lines[0]]):
        made.log.create(seq=number, at=timezone.now(), kind=kind, level=level, text=text)
    assert job_document(made)["warnings"] == []
    made.state, made.finished_at = "succeeded", timezone.now()
    assert job_document(made)["warnings"] == ["web.2 waits"]


def test_of_many_warnings_the_first_of_each_job_are_told(shop: Any) -> None:
    from dz2.api.documents import job_documents
    from dz2.models import Job

    now = timezone.now()
    made = [Job.objects.create(project=shop, kind="check_repo", state="failed", finished_at=now) for _ in range(2)]
    for job in made:
        for number in range(25):
            job.log.create(seq=number, at=now, kind="note", level="warning", text=f"{job.pk}: {number}")
    for job, document in zip(made, job_documents(made), strict=True):
        assert document["warnings"] == [f"{job.pk}: {number}" for number in range(20)]


def test_a_list_of_jobs_asks_zoomdb_as_often_as_one_of_them(shop: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from dz2.api.views import jobs
    from dz2.models import Job

    assert {job.state for job in Job.objects.filter(project=shop)} == {"succeeded"}
    with CaptureQueriesContext(connection) as one:
        assert len(jobs(None, limit=1)) == 1
    with CaptureQueriesContext(connection) as all_of_them:
        assert [job["kind"] for job in jobs(None)] == ["build_and_deploy", "check_repo"]
    assert len(all_of_them) == len(one)


def test_that_nobody_may_enter_the_admin_is_told_as_long_as_nobody_can_know_better(shop: Any) -> None:
    from dz2.api.documents import job_document
    from dz2.models import Job

    def job(kind: str, number: int | None = None, **result: Any) -> Any:
        ended: dict[str, Any] = {"state": "succeeded", "finished_at": timezone.now(), "result": result}
        made = Job.objects.create(project=shop, kind=kind, **ended)
        if number:
            release(shop, number, "live" if number == 1 else "retired")
            shop.releases.filter(number=number).update(job=made)
        return made

    first = job("build_and_deploy", 2, adminless=True)
    again = job("restart", 3, adminless=None)  # migrate was left out
    assert job_document(first)["adminless"] and job_document(again)["adminless"]
    assert not job_document(job("backup"))["adminless"], "it is said where a site went live"
    job("managepy_command")
    assert not job_document(job("restart", 4))["adminless"], "somebody may have been let in"
    assert job_document(job("config", 5, adminless=True))["adminless"]
    assert not job_document(job("restart", 6, adminless=False))["adminless"]


def test_who_is_signed_in_becomes_administrator_of_a_site_from_its_job_and_a_command_that_failed_asks_nobody(
    ada: Client, shop: Any
) -> None:
    from dz2.models import Job

    deployed = shop.jobs.get(kind="build_and_deploy")
    deployed.steps.filter(name="post_build_hooks").update(result={"adminless": True})
    Job.objects.filter(pk=deployed.pk).update(result={"adminless": True})
    assert "Nobody may enter its admin yet." in shown(ada.get(f"/jobs/{deployed.pk}"))
    release(shop, 1, "live")
    link = to(ada.post(f"{SHOP}/administrator"))
    assert "Become administrator of shop" in shown(ada.get(link))
    ended: dict[str, Any] = {"kind": "managepy_command", "state": "failed", "finished_at": timezone.now()}
    Job.objects.create(project=shop, error={"sentence": "manage.py check ended with 1."}, **ended)
    assert "ended with 1" not in shown(ada.get("/")) + shown(ada.get(SHOP))
    assert "Run a command" in shown(ada.get(SHOP)) and "command in" not in shown(ada.get(SHOP))
