"""Which steps may start when, and how a job ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from dz.tasklib.jobs import PIPELINES
from dz.tasklib.pipeline import APPSERVER, BUILD, DATABASE, HARD_LIMIT, Named, Pipeline, Step, Together


def step(name: str, **more: bool) -> Step:
    return Step(name=name, title=name, queue=BUILD, timeout=1, run=lambda ctx: None, **more)  # type: ignore[arg-type]


TOY = Pipeline("toy", step("a"), Together(step("b"), step("c")), step("d", commits=True), step("e", may_fail=True))


def states(**given: str) -> Mapping[str, str]:
    return {s.name: given.get(s.name, "waiting") for s in TOY.steps}


def test_the_first_stage_is_ready_at_once() -> None:
    assert TOY.ready_after(states()) == ("a",)


def test_steps_that_stand_together_start_together_and_the_next_waits_for_both() -> None:
    assert TOY.ready_after(states(a="succeeded")) == ("b", "c")
    assert TOY.ready_after(states(a="succeeded", b="succeeded", c="running")) == ()
    assert TOY.ready_after(states(a="succeeded", b="succeeded", c="skipped")) == ("d",)


def test_nothing_starts_after_a_failure() -> None:
    assert TOY.ready_after(states(a="failed")) == ()


def test_a_failure_is_the_verdict_once_nothing_runs_any_more() -> None:
    assert TOY.verdict(states(a="succeeded", b="failed", c="running")) is None
    assert TOY.verdict(states(a="succeeded", b="failed", c="cancelled")) == "failed"
    assert TOY.verdict(states(a="succeeded", b="failed", c="errored")) == "errored"


def test_a_step_that_may_fail_never_fails_the_job() -> None:
    done = states(a="succeeded", b="succeeded", c="succeeded", d="succeeded", e="errored")
    assert TOY.verdict(done) == "succeeded"


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Pipeline("twice", step("a"), step("a"))


def test_a_step_may_not_outlive_its_task() -> None:
    long = Step(name="a", title="a", queue=BUILD, timeout=HARD_LIMIT, run=lambda ctx: None)
    with pytest.raises(ValueError, match="longer than its task"):
        Pipeline("long", long)


def test_every_step_that_is_named_has_its_work() -> None:
    named = [s.run for p in PIPELINES.values() for s in p.steps if isinstance(s.run, Named)]
    assert named
    assert all(callable(one.load()) for one in named)


def test_who_only_asks_which_jobs_there_are_loads_none_of_their_work() -> None:
    asked = "import sys, dz.tasklib.jobs; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not {"obstore", "httpx2", "findpython", "packaging"} & set(loaded)
    work = ("dz.tasklib.build.", "dz.tasklib.database.", "dz.tasklib.proxy.", "dz.seams.sandbox.")
    assert [one for one in loaded if one.startswith(work)] == []


def test_the_tasks_have_the_missions_names_on_the_missions_queues() -> None:
    queues = {s.name: s.queue for p in PIPELINES.values() for s in p.steps}
    assert {name for name, queue in queues.items() if queue == "build"} >= {
        "check_repo",
        "build_and_deploy",
        "build_bundle",
        "bundle_upload",
        "placement",
        "prove",
        "prune",
    }
    assert queues["create_database"] == "database"
    assert {name for name, queue in queues.items() if queue == "appserver"} >= {
        "deploy",
        "post_build_hooks",
        "undeploy",
        "retire",
    }
    assert {queues["proxy_update"], queues["proxy_remove"]} == {"proxy"}


def test_what_may_hold_a_host_for_long_leaves_room_for_the_deploys_beside_it() -> None:
    """Two steps run at a time on a database host and on an appserver: of such as may last, one."""
    lasting = {
        step.name: step.alone
        for pipeline in PIPELINES.values()
        for step in pipeline.steps
        if step.queue in (APPSERVER, DATABASE) and step.timeout > 900 and not step.aside
    }
    assert lasting == dict.fromkeys(lasting, True)
    assert {"backup_volume", "restore_volume", "backup_database"} <= set(lasting)
