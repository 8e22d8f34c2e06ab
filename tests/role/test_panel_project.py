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


def test_the_page_of_a_destroy_says_where_the_last_backup_is_as_long_as_the_name_leads_to_it(
    ada: Client, shop: Any
) -> None:
    from django.db.models.functions import Now

    from dz2 import backups, services
    from dz2.models import Backup, BackupState, Project

    job = services.destroy(shop.name)
    page = f"/jobs/{job.pk}"
    final = Backup.objects.create(project=shop, job=job, number=1, objects_in_store={"volume": {"size": 1}})
    type(job).objects.filter(pk=job.pk).update(state="succeeded", finished_at=Now())
    Project.objects.filter(pk=shop.pk).update(destroyed_at=Now())
    assert "Its last backup" not in shown(ada.get(page))
    Backup.objects.filter(pk=final.pk).update(state=BackupState.GOOD, finished_at=Now(), why=backups.FINAL)
    assert "stays for 30 days" in shown(ada.get(page)) and "dz db download shop --files" in shown(ada.get(page))
    Project.objects.create(name=shop.name, repo_url=shop.repo_url)
    assert "Its last backup" not in shown(ada.get(page)), "the name is another's"


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
    from dz2 import configs, releases
    from dz2.api.releases import between_document
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
        "GREETING changed since then. Today's stay.",
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

    def changed(*, with_config: bool) -> tuple[list[str], str]:
        between = releases.between(shop, shop.releases.get(number=1), with_config=with_config)
        told = between_document(shop, between, with_config=with_config)
        return told["comes"], told["undo"]

    back = "dz rollback shop 2 --with-config"
    assert [changed(with_config=one) for one in (False, True)] == [([], "dz rollback shop 2"), (["GREETING"], back)]
    configs.change(shop, {"COLOUR": "red"}, by="ada")  # without a release: it comes with the next
    assert changed(with_config=False) == (["COLOUR"], back)
    assert "Release 2 runs without today's COLOUR : with this one they come into use." in shown(
        ada.get(f"{SHOP}/releases/1")
    )
    assert to(ada.get(f"{SHOP}/releases/2")) == f"{SHOP}/releases", "it is live"
    shop.releases.filter(number=1).update(bundle=shop.live_release().bundle)
    same = shown(ada.get(f"{SHOP}/releases/1"))
    assert "It would change nothing. Take the variables of then" in same and "Roll back to 1" not in same
    assert ada.get(f"{SHOP}/releases/7").status_code == 404
    with pytest.raises(UserError) as told:
        releases.rollback(shop, 1)
    assert told.value.id == "release.same-code" and "in its release 2" in told.value.brief
    assert told.value.next.startswith("dz rollback shop 1 --with-config ")


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
    wrong = ada.post(restore, {"typed": "shopp"})
    assert wrong.status_code == 422 and "Nothing was done: what was typed is not shop." in shown(wrong)
    assert to(ada.post(restore, {"typed": "shop", "key": "r"})).startswith("/jobs/")
    assert Job.objects.latest("pk").job_params["restore"] == 1
    assert ada.get(f"{SHOP}/database/restore/2").status_code == 409, "it is not good"


def test_settings_scale_let_rest_and_say_what_goes(ada: Client, shop: Any) -> None:
    from dz2.models import Job

    page = f"{SHOP}/settings"
    release(shop, 1, "live")
    assert "dz destroy" not in shown(ada.get(page)), "it is not offered to be copied"
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
    resting = shown(ada.get(SHOP))
    assert "it was put to rest just now" in resting and "dz activate shop" in resting
    assert "What it wakes with Release 1, live" in resting and "Live Release" not in resting
    assert "Wake shop" in shown(ada.get(SHOP)) and "Wake shop" in shown(ada.get(page))
    ada.post(f"{SHOP}/variables", {"name": "GREETING", "value": "hello"})
    saved = shown(ada.get(f"{SHOP}/variables"))
    assert "config 1" in saved and "still runs" not in saved, "nothing of it runs, with whatever variables"
    began = to(ada.post(f"{SHOP}/activate", {"key": "wake"}))
    assert to(ada.post(f"{SHOP}/activate", {"key": "wake"})) == began


def test_settings_of_a_project_that_was_never_live_speak_of_nothing_that_it_has_not(ada: Client, hands: Hands) -> None:
    from django.db.models.functions import Now

    from dz2.models import DatabaseServer, Project, ProjectDatabase

    checked(ada, hands)
    before = shown(ada.get(f"{SHOP}/settings"))
    for words in ("its database", "its variables", "last backup", "Keep nothing of its data", "A new release"):
        assert words not in before, words
    ada.post(f"{SHOP}/variables", {"name": "GREETING", "value": "hello"})
    server = DatabaseServer.objects.create(instance_id="db-1", address="/none", port=1)
    names = {"name": "p", "role": "p", "password": b""}
    ProjectDatabase.objects.create(project=Project.objects.get(), server=server, ready_at=Now(), **names)
    after = shown(ada.get(f"{SHOP}/settings"))
    for words in ("its database and its uploaded files", "its variables", "A last backup", "Keep nothing of its data"):
        assert words in after, words


def form_key(page: Any, action: str) -> Any:
    return re.search(rf'action="{action}"[^>]*>(?:<input[^>]*>)*<input type="hidden" name="key"', page.content.decode())


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
    failed = Job.objects.create(project=shop, **ended | {"kind": "restart"}, error={"sentence": "It does not start."})
    see = f'It does not start. <a href="/jobs/{failed.pk}">See to it</a>'
    assert all(see in ada.get(page).content.decode() for page in ("/", SHOP)), "and leads there"
    assert "Run a command" in shown(ada.get(SHOP)) and "command in" not in shown(ada.get(SHOP))
