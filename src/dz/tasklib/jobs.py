"""Every kind of job that there is. A new kind is one page and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from dz.tasklib.again import ACTIVATE, CONFIG, RESTART, ROLLBACK, SCALE
from dz.tasklib.backup import BACKUP, NIGHTLY_BACKUP, RESTORE
from dz.tasklib.build_and_deploy import BUILD_AND_DEPLOY
from dz.tasklib.check_repo import CHECK_REPO
from dz.tasklib.deactivate import DEACTIVATE
from dz.tasklib.destroy import DESTROY
from dz.tasklib.managepy_command import MANAGEPY_COMMAND
from dz.tasklib.pipeline import Pipeline

ALL = (
    CHECK_REPO,
    BUILD_AND_DEPLOY,
    ROLLBACK,
    CONFIG,
    RESTART,
    SCALE,
    DEACTIVATE,
    ACTIVATE,
    BACKUP,
    NIGHTLY_BACKUP,
    RESTORE,
    MANAGEPY_COMMAND,
    DESTROY,
)
PIPELINES: Mapping[str, Pipeline] = {p.kind: p for p in ALL}
