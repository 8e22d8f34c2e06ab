"""Watching a job over the API: what a terminal, Ctrl-C, a lost connection and a follower of its log meet."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

from tests.panels import Hands, Panel
from tests.role.test_api import URL, ask
from tests.waiting import until


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
        assert {ask(panel, "GET", "/status")[0] for _ in range(5)} == {200}  # 20 s would end their waiting
        hands.end(claimed)
        told = [one.result() for one in waiting]
    assert {(code, answer.get("state")) for code, answer in told} == {(200, "succeeded")}
