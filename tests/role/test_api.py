"""The API and the command line as a person meets them: the real panel, the real ``dz``, jobs moved by the engine."""

from __future__ import annotations

import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dz.run import check as must
from tests.backends import backend
from tests.panels import TOKEN, Hands, Panel
from tests.waiting import until

URL = "https://git.example/ada/shop"
DEPLOY_KEYS = {
    "job",
    "state",
    "url",
    "seconds",
    "error",
    "error_id",
    "where",
    "next",
    "release",
    "steps",
    "deployments",
}
CHECK_KEYS = {"job", "state", "seconds", "error", "error_id", "guesses"}


def ask(panel: Panel, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("localhost", timeout=60)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(60)
    connection.sock.connect(str(panel.socket))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def test_a_new_project_is_checked_then_built_and_its_address_is_the_answer(panel: Panel, hands: Hands) -> None:
    running = panel.begin("deploy", URL, "--json", "--env", "STRIPE_API_KEY=sk-1")
    hands.check(variables=("STRIPE_API_KEY",))
    hands.deploy()
    ended = running.end()
    assert ended.code == 0, ended.err
    found = ended.document
    assert set(found) >= DEPLOY_KEYS
    assert (found["state"], found["url"], found["release"]) == ("succeeded", "http://shop.localhost:8800/", 1)
    assert (found["error"], found["error_id"], found["where"], found["next"]) == (None, None, None, None)
    assert set(found["steps"][0]) >= {"name", "queue", "host", "state", "seconds"}
    states = {step["name"]: (step["queue"], step["state"]) for step in found["steps"]}
    assert states["deploy"] == ("appserver_app-1", "succeeded")
    assert states["retire"][1] == "skipped"
    app = {"host": "app-1", "address": "127.0.0.1", "port": 21000, "instance_id": "app-1"}
    assert found["deployments"] == [app]
    assert "sk-1" not in ended.err
    from dz2.configs import opened
    from dz2.models import Release

    release = Release.objects.get()
    assert opened(release.project, release.config)["STRIPE_API_KEY"].reveal() == "sk-1"


def test_what_has_no_value_is_told_whole_before_anything_is_built(panel: Panel, hands: Hands) -> None:
    looked = panel.begin("check", URL)
    hands.check(variables=("STRIPE_API_KEY", "MAIL_HOST"))
    assert looked.end().code == 0
    running = panel.begin("deploy", URL, "--json")
    hands.check(variables=("STRIPE_API_KEY", "MAIL_HOST"))
    ended = running.end()
    assert ended.code == 1, ended.err
    found = ended.document
    assert set(found) >= DEPLOY_KEYS
    assert (found["state"], found["error_id"]) == ("failed", "project.values-missing")
    assert found["error"] == "shop needs a value for STRIPE_API_KEY and MAIL_HOST."
    assert found["next"] == "dz deploy shop --env STRIPE_API_KEY --env MAIL_HOST"
    assert 'shop/settings.py:42 os.environ["STRIPE_API_KEY"]' in found["where"]
    from dz2.models import Job

    assert [job.kind for job in Job.objects.all()] == ["check_repo", "check_repo"]


def test_a_check_gives_its_guesses_with_their_reasons(panel: Panel, hands: Hands) -> None:
    running = panel.begin("check", "git.example/ada/shop", "--json")
    hands.check(variables=("STRIPE_API_KEY",))
    ended = running.end()
    assert ended.code == 0, ended.err
    found = ended.document
    assert set(found) >= CHECK_KEYS
    settings = next(guess for guess in found["guesses"] if guess["field"] == "settings_module")
    basis = {"file": "shop/settings.py", "line": 1, "excerpt": "import os", "why": "manage.py names it"}
    assert settings == {
        "field": "settings_module",
        "value": "shop.settings",
        "basis": basis,
        "confidence": 0.97,
        "is_primary": True,
    }
    assert [one["name"] for one in found["missing"]] == ["STRIPE_API_KEY"]
    assert [one["name"] for one in found["later"]] == ["VAT_RATE"], "what is missing is not told twice"
    said = panel.begin("check", URL)
    hands.check(variables=("STRIPE_API_KEY",))
    told = said.end()
    assert "Settings       shop.settings" in told.out
    assert "dz deploy shop --env STRIPE_API_KEY" in told.err


@pytest.mark.parametrize(("ended", "code"), [("failed", 1), ("errored", 3)])
def test_a_failure_says_what_where_live_and_next(panel: Panel, hands: Hands, ended: str, code: int) -> None:
    running = panel.begin("deploy", URL)
    hands.check()
    claimed = hands.claim("build_and_deploy")
    running.says("running    Check out the code")
    hands.write(claimed, "a line of the log")
    line = 'shop/settings.py:42 KEY = os.environ["KEY"]'
    told = {
        "id": "settings.variable-missing",
        "sentence": "The project needs KEY.",
        "where": line,
        "next": "dz deploy PROJECT",
    }
    hands.end(claimed, ended, **told)
    said = running.end()
    assert said.code == code
    assert said.out == ""
    lines = said.err.splitlines()
    place = lines.index("The project needs KEY.")
    assert lines[place + 1 : place + 5] == [
        f"  Where   {line}",
        "  Live    nothing yet; nothing of this job was kept.",
        "  Next    dz deploy shop",
        "  settings.variable-missing · log: dz job 2 --log",
    ]
    assert "\x1b" not in said.err
    assert re.search(r"^\d{4}-\d\d-\d\dT[\d:]{8}Z running    Check out the code  build-1$", said.err, re.MULTILINE)
    again = panel.dz("job", "2", "--json")
    assert (again.code, again.document["error_id"]) == (code, "settings.variable-missing")
    assert "a line of the log" in panel.dz("job", "2", "--log").out


def test_on_a_terminal_values_are_asked_for_hidden_before_the_build(panel: Panel, hands: Hands) -> None:
    typing = panel.on_terminal("deploy", URL)
    hands.check(variables=("STRIPE_API_KEY", "MAIL_HOST"))
    typing.says("shop needs 2 values:")
    typing.says("STRIPE_API_KEY: ")
    typing.types("sk-hidden\n")
    typing.says("MAIL_HOST: ")
    typing.types("mail.example.org\n")
    typing.says("http://localhost:8800/jobs/2")
    hands.deploy()
    assert typing.end() == 0
    assert "sk-hidden" not in typing.shown
    assert re.search(r"\x1b\[32m✓\x1b\[0m Check out the code +build-1 +[\d.]+ s\r\n", typing.shown)
    assert typing.shown.rstrip().endswith("http://shop.localhost:8800/")
    from dz2.configs import opened
    from dz2.models import Config

    config = Config.objects.get()
    assert opened(config.project, config)["MAIL_HOST"].reveal() == "mail.example.org"


def test_ctrl_c_detaches_and_the_job_goes_on(panel: Panel, hands: Hands) -> None:
    running = panel.begin("deploy", URL)
    hands.check()
    claimed = hands.claim("build_and_deploy")
    running.says("running    Check out the code")
    running.interrupt()
    running.says("Detached; job 2 goes on. Watch: dz job 2 -f · Cancel: dz job cancel 2")
    assert running.end().code == 130
    hands.end(claimed)
    assert panel.dz("job", "2", "--json").document["state"] == "running"


def test_ctrl_c_cancels_where_it_shall_and_so_does_the_command(panel: Panel, hands: Hands) -> None:
    running = panel.begin("deploy", URL, "--json", "--cancel-on-interrupt")
    hands.check()
    claimed = hands.claim("build_and_deploy")
    running.says("running    Check out the code")
    running.interrupt()
    running.says("Cancelling job 2")
    from dz2.models import Job

    until(lambda: Job.objects.get(pk=2).cancel_requested, what="the cancel arrives")
    hands.end(claimed, "cancelled")
    ended = running.end()
    assert (ended.code, ended.document["state"]) == (5, "cancelled")
    waiting = panel.begin("deploy", "shop", "--json")
    hands.check()  # it never was live
    waiting.says("job 4")
    cancelled = panel.dz("job", "cancel", "4", "--json")
    assert (cancelled.code, cancelled.document["state"]) == (0, "cancelled")
    assert waiting.end().code == 5
    assert panel.dz("job", "cancel", "4", "--json").document["error_id"] == "job.ended"


def test_a_lost_connection_is_no_verdict(panel: Panel, hands: Hands) -> None:
    running = panel.begin("deploy", URL, "--json")
    hands.check()
    claimed = hands.claim("build_and_deploy")
    running.says("running    Check out the code")
    panel.stop()
    running.says("Connection lost; the job goes on.")
    hands.end(claimed, "failed", id="repo.empty", sentence="It is empty.")
    panel.start()
    ended = running.end()
    assert (ended.code, ended.document["error_id"]) == (1, "repo.empty")


def test_a_timeout_ends_the_waiting_and_not_the_job(panel: Panel, hands: Hands) -> None:
    running = panel.begin("check", URL, "--json", "--timeout", "0.5")
    ended = running.end()
    assert (ended.code, ended.document["state"]) == (6, "running")
    assert ended.document["error_id"] == "cli.timeout"
    assert ended.document["waits_for"] == "a worker: no build host has reported yet"
    assert panel.dz("jobs", "--json").document["jobs"][0]["state"] == "running"


@pytest.mark.parametrize(
    ("words", "env", "code", "problem"),
    [
        (["job", "99"], {}, 1, "job.not-found"),
        (["deploy", "shopp"], {}, 1, "project.not-found"),
        (["deploy", "https://u:pw@git.example/a/b"], {}, 1, "repo.credentials-in-url"),
        (["deploy", "git.example/a/b", "--name", "No Good"], {}, 2, "cli.usage"),
        (["deploy", "git.example/a/b", "--ref", "--upload-pack=x"], {}, 2, "cli.usage"),
        (["deploy", "git.example/a/b", "--ref", "a..b"], {}, 1, "repo.bad-ref"),
        (["deploy"], {}, 2, "cli.no-commit"),
        (["destroy", "shop"], {}, 1, "project.not-found"),
        (["db", "info", "shop"], {}, 1, "project.not-found"),
        (["db", "backup", "shop"], {}, 1, "project.not-found"),
        (["db", "restore", "shop", "--yes"], {}, 1, "project.not-found"),
        (["db", "download", "shop"], {}, 1, "project.not-found"),
        (["db", "download", "shop"], {"DZ_HOME": "/nonexistent"}, 3, "cli.no-platform"),
        (["db", "restore", "shop", "yesterday"], {}, 2, "cli.usage"),
        (["job", "many"], {}, 2, "cli.usage"),
        (["delpoy"], {}, 2, "cli.unknown-command"),
        (["jobs"], {"DZ_HOME": "/nonexistent"}, 3, "cli.no-platform"),
        (["jobs", "--server", "http://127.0.0.1:1"], {}, 3, "cli.unreachable"),
    ],
)
def test_every_failure_has_its_code_and_one_document(
    panel: Panel, tmp_path: Path, words: list[str], env: dict[str, str], code: int, problem: str
) -> None:
    ended = panel.dz(*words, "--json", env=env, cwd=tmp_path)
    assert (ended.code, ended.document["error_id"]) == (code, problem), ended.err
    assert {"error", "error_id", "where", "next"} <= set(ended.document)
    assert ended.document["error"] in ended.err


def test_the_api_refuses_in_one_shape(panel: Panel) -> None:
    refusals = [
        ("GET", "/jobs", None, "wrong", 401, "api.not-signed-in"),
        ("GET", "/openapi.json", None, "wrong", 401, "api.not-signed-in"),
        ("GET", "/nothing/here", None, TOKEN, 404, "api.no-such-page"),
        ("GET", "/jobs?limit=0", None, TOKEN, 422, "api.input"),
        ("GET", "/jobs/1/log?wait=900", None, TOKEN, 422, "api.input"),
        ("POST", "/deploy", {"target": "git.example/a/b", "variables": {"A-B": "1"}}, TOKEN, 422, "api.input"),
        ("POST", "/deploy", {}, TOKEN, 422, "api.input"),
        ("POST", "/check", {"target": "ext::sh -c id"}, TOKEN, 422, "repo.bad-url"),
        ("GET", "/projects/none", None, TOKEN, 404, "project.not-found"),
    ]
    for method, path, body, token, status, problem in refusals:
        found = ask(panel, method, path, body, token)
        assert (found[0], found[1]["error_id"]) == (status, problem)
        assert set(found[1]) == {"error", "error_id", "where", "next"}
    assert ask(panel, "GET", "/openapi.json")[1]["info"]["title"] == "DjangoZoom"


def test_the_log_is_read_on_by_number_and_waits_for_what_comes(panel: Panel, hands: Hands) -> None:
    _, job = ask(panel, "POST", "/check", {"target": URL})
    claimed = hands.claim("check_repo")
    hands.write(claimed, "one", "two", "three")
    path = f"/jobs/{job['job']}/log"
    _, first = ask(panel, "GET", f"{path}?limit=2")
    assert ([line["text"] for line in first["lines"]], first["after"], first["ended"]) == (["one", "two"], 2, False)
    _, second = ask(panel, "GET", f"{path}?after=2&wait=20")
    assert [line["text"] for line in second["lines"]] == ["three"]
    following = panel.begin("job", str(job["job"]), "--log", "-f", "--json")
    hands.write(claimed, "four")
    hands.end(claimed)
    lines = [json.loads(line) for line in following.end().out.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert ask(panel, "GET", f"{path}?after=4&wait=20")[1] == {
        "lines": [],
        "after": 4,
        "ended": True,
        "state": "succeeded",
    }


def test_a_follower_hears_of_a_job_that_is_not_as_it_was_and_of_new_lines_only_if_it_wants(
    panel: Panel, hands: Hands
) -> None:
    _, job = ask(panel, "POST", "/check", {"target": URL})
    claimed = hands.claim("check_repo")
    path = f"/jobs/{job['job']}"
    with_lines, without = (ask(panel, "GET", f"{path}?lines={lines}")[1]["seen"] for lines in ("true", "false"))
    hands.write(claimed, "one")
    assert ask(panel, "GET", f"{path}?seen={with_lines}&wait=20")[1]["lines"] == 1
    assert ask(panel, "GET", f"{path}?seen={without}&lines=false")[1]["seen"] == without
    hands.end(claimed)
    told = ask(panel, "GET", f"{path}?seen={without}&lines=false&wait=20")[1]
    assert (told["state"], told["seen"] != without) == ("succeeded", True)


def test_however_many_wait_for_what_comes_the_panel_answers_others(panel: Panel, hands: Hands) -> None:
    from dz2.settings import POOL

    _, job = ask(panel, "POST", "/check", {"target": URL})
    claimed = hands.claim("check_repo")
    path = f"/jobs/{job['job']}"
    seen = ask(panel, "GET", path)[1]["seen"]
    count = POOL["max_size"] + 5
    with ThreadPoolExecutor(count) as many:
        waiting = [many.submit(ask, panel, "GET", f"{path}?seen={seen}&wait=20") for _ in range(count)]
        assert {ask(panel, "GET", "/status")[0] for _ in range(20)} == {200}
        hands.end(claimed)
        told = [one.result() for one in waiting]
    assert {(code, answer.get("state")) for code, answer in told} == {(200, "succeeded")}


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
    from dz2.models import AppServerDeployment

    running = panel.begin("deploy", URL)
    hands.check()
    hands.deploy()
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
    for said in ("its address shop.localhost", "its database, its files", "1 release, with bundles of", "to go on:"):
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


def test_an_administrator_link_works_once(panel: Panel) -> None:
    from dz2 import links

    token = links.make()[0].removeprefix("http://localhost:8800/welcome/")
    found = links.find(token, to_project=False)
    assert found is not None and not found.over
    assert links.use(found) and not links.use(found)
    assert links.find("made-up", to_project=False) is None
    assert links.find(token, to_project=True) is None, "one of the platform leads into no project, and none back"
    assert token not in str(list(type(found).objects.values_list("token_sha256")))
