"""The API and the command line as a person meets them: the real panel, the real ``dz``, jobs moved by the engine."""

from __future__ import annotations

import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.panels import TOKEN, Hands, Panel

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


def test_an_administrator_link_works_once(panel: Panel) -> None:
    from dz2 import links

    token = links.make()[0].removeprefix("http://localhost:8800/welcome/")
    found = links.find(token, to_project=False)
    assert found is not None and not found.over
    assert links.use(found) and not links.use(found)
    assert links.find("made-up", to_project=False) is None
    assert links.find(token, to_project=True) is None, "one of the platform leads into no project, and none back"
    assert token not in str(list(type(found).objects.values_list("token_sha256")))


def test_what_no_column_holds_is_found_nowhere(panel: Panel) -> None:
    job = ask(panel, "POST", "/check", {"target": URL, "name": "shop"})[1]["job"]
    for path, status in {
        f"/jobs/{job}/log?search=%00": 200,
        "/projects/shop/logs?search=%00&process=%00": 200,
        "/projects?target=%00": 404,
        "/jobs?project=%00": 404,
    }.items():
        assert ask(panel, "GET", path)[0] == status, path


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("error", ["OperationalError", "InterfaceError"])
def test_while_zoomdb_restarts_the_answer_is_an_error_like_every_other(error: str) -> None:
    from django import db
    from ninja import NinjaAPI
    from ninja.testing import TestClient

    from dz2.api import problems

    api = NinjaAPI(urls_namespace=error)
    problems.install(api)

    @api.get("/")
    def fails(request: Any) -> None:
        raise getattr(db, error)("the connection is lost")

    answer = TestClient(api).get("/")
    assert (answer.status_code, answer.json()["error_id"]) == (503, "platform.away")
