"""Problems with a project's data: backups, restores, the database's own shell."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "data.none",
        "{name} has no database yet.",
        "Deploy it first: dz deploy {name}",
        "A project's database is made by its first deploy.",
    ),
    Problem(
        "data.no-backup",
        "{name} has no {what}.",
        "dz db info {name} lists its backups; dz db backup {name} makes one.",
        "Backups are numbered per project. Of the nightly ones and of the others the last few are kept.",
    ),
    Problem(
        "data.not-good",
        "Backup {backup} of {name} can't be used: {detail}.",
        "dz db info {name} lists those that can.",
        "A backup is good only once all of it is in the store; one that was cut short, or that the nightly test could"
        " not restore, is never given out.",
    ),
    Problem(
        "data.no-files",
        "Backup {backup} of {name} has no files.",
        "Leave --files out for its database.",
        "A volume is backed up where the project has one: uploaded media, and what it keeps beside its code.",
    ),
    Problem(
        "data.no-server",
        "The database of {name} does not answer: {detail}.",
        "dz status shows whether its server runs; dz up starts it.",
        "Sizes and connections are asked of the database itself, as the project's own role.",
    ),
    Problem(
        "data.dump-failed",
        "The database could not be dumped: {detail}.",
        "Try again when the site is less busy; the job's log holds what pg_dump said.",
        "The dump is made as the project's own role, so it needs one or two of the project's connections.",
    ),
    Problem(
        "data.row-security",
        "The database can't be dumped whole: {tables} hide rows from their own owner (FORCE ROW LEVEL SECURITY).",
        "If the site does without: dz db psql PROJECT, and there ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;",
        "A dump is made as the project's own role, never as one that sees more. One without the hidden rows would be"
        " no backup. To restore without a first backup: dz db restore PROJECT --no-backup.",
    ),
    Problem(
        "data.restore-failed",
        "The backup could not be restored: {detail}.",
        "Try again when the site is less busy; dz status shows whether its database server runs.",
        "The dump itself can be read to its end; what is live was not touched.",
    ),
    Problem(
        "data.does-not-restore",
        "PostgreSQL does not take the backup: {detail}.",
        "Where a function of the database names tables or functions without their schema, give it a search path (ALTER"
        " FUNCTION ... SET search_path = public), then dz db backup PROJECT. dz db download PROJECT gives the dump.",
        "A dump is restored without a search path, so that nobody's function runs in place of another; one that a"
        " constraint, an index or a generated column calls must find its tables all the same.",
    ),
    Problem(
        "data.not-backed-up",
        "Today's data could not be backed up, and so nothing was restored: {detail}.",
        "dz db restore PROJECT --no-backup goes on without. What was written since the backup is lost by that.",
        "A restore first backs up what it replaces. Where a table, or the host that has the files, is broken that can't"
        " be done, and the restore is the way out.",
    ),
    Problem(
        "data.too-big",
        "The backup does not fit: {detail}.",
        "Raise DZ_BACKUP_LIMIT before dz up, or delete what the site needs no more. A destroy that keeps no backup:"
        " dz destroy PROJECT --no-backup.",
        "A backup has a size at which it is given up, so that one project can't fill the store. A destroy ends with"
        " that before it deletes anything, for its last backup is all that stays.",
    ),
    Problem(
        "data.no-room",
        "There is no room on host {host}: {detail}.",
        "Free some space on {host}, then try again: dz status shows how much is left.",
        "A dump is fetched to its database's host before it is restored.",
    ),
    Problem(
        "data.damaged",
        "The backup is damaged: {detail}.",
        "Take another one: dz db info PROJECT lists them. Nothing that is live was touched.",
        "What is in the store is held to its sha256, and PostgreSQL itself has to read it to its end.",
    ),
    Problem(
        "data.differs",
        "The restored database is not what was dumped: {detail}.",
        "Take another one: dz db info PROJECT lists them. Nothing that is live was touched.",
        "The rows of every table are counted in the dump's own snapshot, and again after a restore.",
    ),
    Problem(
        "data.download-damaged",
        "What was downloaded is not what was backed up.",
        "Download it again: dz db download {name}",
        "The bytes are held to the sha256 that the backup was stored with.",
    ),
    Problem(
        "data.file-there",
        "{file} is there already.",
        "Name another file: dz db download {name} -o FILE",
        "A download writes over nothing.",
    ),
    Problem(
        "data.elsewhere",
        "{name} has no database on this machine's platform.",
        "Run it on the platform's own machine. With its code: dz run {name} -- manage.py dbshell",
        "psql reaches the database server by a socket of the machine that it runs on.",
    ),
]
