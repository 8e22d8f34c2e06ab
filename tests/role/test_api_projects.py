"""Which project an address means, over the API: one each, with its name, its branch and its variables; and its end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dz.run import check as must
from tests.backends import backend
from tests.panels import Hands, Panel
from tests.role.test_api import URL, ask


def test_one_address_is_one_project_and_a_name_is_given_once(panel: Panel, hands: Hands) -> None:
    def make(target: str, **more: str) -> tuple[int, Any]:
        return ask(panel, "POST", "/check", {"target": target, **more})

    assert make(URL)[1]["project"] == "shop"
    assert make("https://git.example/ada/shop.git/")[1]["project"] in ("shop", "shop-2")
    assert make(URL)[1]["project"] == "shop"
    assert make("https://git.example/bea/shop")[1]["project"] != "shop"
    assert make(URL, name="second")[1]["project"] == "second"
    assert make("https://git.example/bea/other", name="second")[1]["error_id"] == "project.name-taken"
    assert make("shop", name="third")[1]["error_id"] == "project.has-name"
    assert make(URL, ref="mistyped")[1]["ref"] == "mistyped"
    assert make(URL)[1]["ref"] == ""
    assert make(URL, name="No Good")[1]["error"].startswith("name can't be used: not a project name")
    near = ask(panel, "GET", "/projects/sho")[1]
    assert near["error"] == "There is no project sho. Did you mean shop?"
    ask(panel, "DELETE", "/projects/second")
    for step in ("proxy_remove", "backup_database", "keep_backup", "drop_database"):
        hands.end(hands.claim(step))
    last = hands.claim("forget")
    hands.door(last).forget()
    hands.end(last)
    assert make("https://git.example/bea/other", name="second")[0] == 200


def test_a_commit_that_was_asked_for_is_named_as_one_and_not_as_a_branch(panel: Panel) -> None:
    from dz2.models import Job

    commit = "7f3c9d1" + "0" * 33
    job = ask(panel, "POST", "/check", {"target": URL, "ref": commit})[1]["job"]
    assert ask(panel, "GET", f"/jobs/{job}")[1]["ref"] == commit
    Job.objects.update(result={"commit": commit, "branch": ""})
    found = ask(panel, "GET", f"/jobs/{job}")[1]
    assert (found["ref"], found["commit"]) == ("", commit)


def test_a_browsers_address_of_a_folder_is_a_project_of_that_folder(panel: Panel) -> None:
    def made(folder: str) -> str:
        target = f"https://github.com/ada/tools/tree/v2/{folder}"
        return str(ask(panel, "POST", "/check", {"target": target})[1]["project"])

    assert [made("shop"), made("blog/site"), made("shop")] == ["shop", "site", "shop"]
    found = ask(panel, "GET", "/projects/site")[1]
    assert (found["repo_url"], found["ref"], found["checked"]) == ("https://github.com/ada/tools", "v2", False)
    from dz2.models import Job, Project

    assert Project.objects.get(name="site").build_config == "[project]\nproject_root = blog/site\n"
    assert {job.job_params["ref"] for job in Job.objects.all()} == {"v2"}


def test_variables_add_up_to_versions_and_confirmed_values_stay(panel: Panel, hands: Hands) -> None:
    running = panel.begin("check", URL, "--json")
    hands.check()
    running.end()
    path = "/projects/shop/variables"
    nothing_live = {"live_config": None, "job": None}
    first = ask(panel, "POST", path, {"variables": {"A": "1"}, "deploy": True})[1]
    assert first == {"config": 1, "changed": ["A"], **nothing_live}
    assert ask(panel, "POST", path, {"variables": {"B": "2"}})[1] == {"config": 2, "changed": ["B"], **nothing_live}
    assert ask(panel, "POST", path, {"variables": {"B": "2", "A": "1"}})[1]["changed"] == []
    preview = ask(panel, "POST", "/projects/shop/preview-variables", {"variables": {"B": "3", "C": "4"}})[1]
    assert preview == {"added": ["C"], "changed": ["B"], "same": [], "missing": ["A"]}
    listed = {one["name"]: one for one in ask(panel, "GET", path)[1]["variables"]}
    assert (listed["A"]["set"], listed["A"]["config"], listed["B"]["config"]) == (True, 1, 2)
    assert ask(panel, "GET", f"{path}/B")[1] == {"name": "B", "value": "2"}
    assert ask(panel, "POST", path, {"unset": ["B"]})[1]["config"] == 3
    assert ask(panel, "GET", f"{path}/B")[0] == 404
    for name in ("LD_PRELOAD", "PYTHONPATH", "PIP_INDEX_URL", "DJANGO_SETTINGS_MODULE", "ld_audit", "DZ_RELEASE"):
        status, told = ask(panel, "POST", path, {"variables": {name: "x"}})
        assert (status, told["error_id"]) == (422, "project.refused-variable"), name
    _, kept = ask(panel, "POST", "/projects/shop/confirm", {"values": {"settings_module": "shop.prod"}})
    assert kept["confirmed"] == ["django_settings_module"]
    assert "django_settings_module = shop.prod" in kept["build_config"]


def test_a_clone_is_deployed_from_its_remote_and_branch(panel: Panel, hands: Hands, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", "-C", str(tmp_path)]
    must([*git, "init", "-q", "-b", "trunk"], deadline=30)
    must([*git, "remote", "add", "origin", URL], deadline=30)
    must([*git, "commit", "-q", "--allow-empty", "-m", "first"], deadline=30)
    ended = panel.dz("check", "--json", "--timeout", "0.2", cwd=tmp_path)
    assert (ended.code, ended.document["project"], ended.document["ref"]) == (6, "shop", "trunk")
    ended = panel.dz("check", ".", "--json", "--timeout", "0.2", cwd=tmp_path)
    assert (ended.code, ended.document["ref"]) == (6, "trunk")
    assert f"This folder is a project of its own; shop is deployed from {URL}." in ended.err
    assert "1 commit is not pushed; taken all the same." in ended.err


def test_a_live_project_can_be_looked_at_and_destroyed(panel: Panel, hands: Hands) -> None:
    from django.db.models.functions import Now

    from dz2 import vault
    from dz2.models import AppServerDeployment, DatabaseServer, Project, ProjectDatabase

    running = panel.begin("deploy", URL)
    hands.check()
    hands.deploy()
    server = DatabaseServer.objects.create(instance_id="db-9", address="/none", port=1)
    shop = Project.objects.get()
    sealed = vault.seal(shop.app_id, vault.Name.DATABASE_PASSWORD, "secret")
    names = {"name": "p", "role": "p", "password": sealed}
    ProjectDatabase.objects.create(project=shop, server=server, ready_at=Now(), **names)
    ended = running.end()
    assert (ended.code, ended.out) == (0, "http://shop.localhost:8800/\n")
    assert "shop is live after" in ended.err
    assert panel.dz("open", "shop").out == "http://shop.localhost:8800/\n"
    with backend("one") as one:
        AppServerDeployment.objects.update(port=one.port)
        assert re.search(r"(?m)^web\.1 +release 1 +app-1 +healthy, answers in \d+ ms ", panel.dz("ps", "shop").out)
    assert panel.dz("logs", "shop", "-n", "2").out == "-------- release 1 is live --------\n"
    refused = panel.dz("destroy", "shop", "--json")
    assert (refused.code, refused.document["error_id"]) == (2, "cli.needs-yes")
    assert refused.document["next"] == "Say it with the command: dz destroy shop --yes"
    asked = panel.on_terminal("destroy", "shop")
    for said in ("its address shop.localhost", "its database and its files", "1 release, with bundles of", "to go on:"):
        asked.says(said)
    asked.types("shoop\n")
    assert (asked.end(), "Nothing was destroyed: what was typed is not shop." in asked.shown) == (2, True)
    assert "dz destroy shop asks once more; type shop there." in asked.shown and "--help" not in asked.shown
    going = panel.begin("destroy", "shop", "--yes", "--json")
    hands.claim("proxy_remove")
    assert panel.dz("deploy", "shop", "--json").document["error_id"] == "project.busy"
    assert ask(panel, "DELETE", "/projects/shop")[1]["job"] == 3
    going.interrupt()
    assert going.end().code == 130


def test_a_mistyped_address_gives_its_project_to_the_right_one(panel: Panel, hands: Hands) -> None:
    wrong, right = "https://gti.example/ada/shop", f"{URL}/"
    running = panel.begin("deploy", wrong)
    hands.end(hands.claim("check_repo"), "failed", id="repo.host-unreachable", sentence="No such host.")
    ended = running.end()
    assert (ended.code, "shop is empty." in ended.err) == (1, True), ended.err
    checking = panel.begin("check", right)
    checking.says(f"shop is this repository from now on: {wrong} could never be read.")
    hands.check()
    assert checking.end().code == 0
    _, (shop,) = ask(panel, "GET", "/projects")
    assert (shop["name"], shop["repo_url"]) == ("shop", URL)
    other = panel.begin("check", wrong)  # what was read keeps its name
    hands.check()
    assert other.end().code == 0
    assert {one["name"]: one["repo_url"] for one in ask(panel, "GET", "/projects")[1]} == {"shop": URL, "shop-2": wrong}


def test_a_project_that_was_given_something_keeps_its_name_though_nobody_could_read_it_yet(
    panel: Panel, hands: Hands
) -> None:
    from dz2.models import Config, Project

    for name in ("keyed", "set"):
        ask(panel, "POST", "/check", {"target": f"https://git.example/ada/{name}"})
        hands.end(hands.claim("check_repo"), "failed", id="repo.not-readable", sentence="It is private.")
    Project.objects.filter(name="keyed").update(deploy_key=b"sealed")
    Config.objects.create(project=Project.objects.get(name="set"), version=1, variables=b"sealed")
    for name in ("keyed", "set"):
        _, job = ask(panel, "POST", "/check", {"target": f"https://git.example/bob/{name}"})
        assert (job["project"], job["instead_of"]) == (f"{name}-2", None)
