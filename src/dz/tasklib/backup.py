"""The jobs ``backup`` and ``nightly_backup``: a project's database and volume into the store; and ``restore``.

A backup changes nothing that runs. A restore backs today's data up, fills a new database and a new volume beside those
in use, and makes a new release of the live bundle on them: the switch is a deploy's, so no request fails, and until
then nothing that is live was touched.
"""

from __future__ import annotations

from dataclasses import replace

from dz.tasklib.again import MAKE
from dz.tasklib.going_live import GO_LIVE
from dz.tasklib.pipeline import APPSERVER, DATABASE, Named, On, Pipeline, Step, Together

LONG = 1500.0

DUMP = Step(
    name="backup_database",
    title="Back up the database",
    queue=DATABASE,
    timeout=LONG,
    run=Named("database.backups:backup_database"),
    alone=True,
)
PACK = Step(
    name="backup_volume",
    title="Back up the files",
    queue=APPSERVER,
    on=On.FILES,
    timeout=LONG,
    run=Named("appserver.volumes:backup_volume"),
    alone=True,
)
# The database's dump is worth having without the files; a destroy and a restore may lose the only ones by that.
PACK_IF_THERE = replace(PACK, forgone="The files could not be backed up: their host is silent")
KEEP = Step(
    name="keep_backup", title="Keep the backup", queue=DATABASE, timeout=60, run=Named("database.backups:keep_backup")
)
BACK_UP = (DUMP, PACK, KEEP)
TEST = Step(
    name="test_restore",
    title="Test that it restores",
    queue=DATABASE,
    timeout=LONG,
    run=Named("database.backups:test_restore"),
    alone=True,
)

BACKUP = Pipeline("backup", DUMP, PACK_IF_THERE, KEEP, changes=False)
NIGHTLY_BACKUP = Pipeline("nightly_backup", DUMP, PACK_IF_THERE, KEEP, TEST, changes=False)

RESTORE = Pipeline(
    "restore",
    DUMP,
    replace(PACK, unheard="data.not-backed-up"),
    KEEP,
    MAKE,
    Together(
        Step(
            name="restore_database",
            title="Restore the database",
            queue=DATABASE,
            timeout=LONG,
            run=Named("database.backups:restore_database"),
            alone=True,
        ),
        Step(
            name="restore_volume",
            title="Restore the files",
            queue=APPSERVER,
            timeout=LONG,
            run=Named("appserver.volumes:restore_volume"),
            alone=True,
        ),
    ),
    *GO_LIVE,
)
