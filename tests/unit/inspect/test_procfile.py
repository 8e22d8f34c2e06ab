"""What a Procfile starts is not guessed a second time, whatever its line is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES

CELERY = FILES | {
    "wombat/celery.py": "from celery import Celery\napp = Celery('wombat')\napp.conf.beat_schedule = {'a': {}}\n",
}
WORKER, BEAT = "worker: celery -A wombat worker", "beat: celery -A wombat beat"


@pytest.mark.parametrize(
    ("lines", "guessed"),
    [
        ([], [WORKER, BEAT]),
        (["worker: celery -A wombat worker -l info -B"], []),
        (["worker: celery --app=wombat worker --beat"], []),
        (["jobs: sh -c 'celery -A wombat worker -lB'"], []),
        (["scheduler: celery -A wombat beat -l info", "celery: celery -A wombat worker"], []),
        (["scheduler: python -m celery -A wombat beat"], [WORKER]),
        (["worker: celery -A wombat worker"], [BEAT]),
        (["mails: celery -A wombat worker -Q mails"], [WORKER, BEAT]),
        (["web: gunicorn wombat.wsgi", "bad: celery 'beat"], [WORKER, BEAT]),
    ],
)
def test_a_schedule_has_one_scheduler_and_a_queue_the_workers_that_its_project_names(
    lines: list[str], guessed: list[str], tmp_path: Path
) -> None:
    answer = report(write_tree(tmp_path, CELERY | {"Procfile": "\n".join(lines)}))
    found = [one["value"] for one in answer["guesses"] if one["field"] == "processes" and one["is_primary"]]
    assert sorted("\n".join(found).split("\n")) == sorted([*lines, *guessed])
