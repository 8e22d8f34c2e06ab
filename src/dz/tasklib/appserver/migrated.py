"""Whether ``migrate`` would do nothing, so that a release need not import its project once more to learn that.

It is run whenever that is not certain: with other variables, on a restored database, on request, and for a version that
was not live before with just these.
"""

from __future__ import annotations

from dz.seams.dbserver.applied import applied_migrations
from dz.tasklib.context import Context
from dz.tasklib.records import Running


def is_migrated(ctx: Context, new: Running, live: Running | None) -> bool:
    """Its migrations are all in the database, which asks for no more than the live release already gave it there, or
    than it did itself before: a rollback goes to what has been migrated."""
    if live is None or ctx.params.get("rebuild"):
        return False
    back = _asked(new) is not None and ctx.door.was_live()
    if not (back or asks_for_the_same(live, new, built=ctx.built)):
        return False
    wanted = {(str(app), str(name)) for app, name, _ in new.bundle.manifest.get("migrations", ())}
    return wanted <= applied_migrations(new.database)


def asks_for_the_same(live: Running, new: Running, *, built: bool) -> bool:
    """Whether ``migrate`` of both would make the same tables, rights and rows on the same database, but for what the
    migrations do. ``live`` was migrated, or it would not be live.

    The build's probe worked that out, with the variables of its own time: it holds for what is ``built`` in this job,
    and for what runs already with the same.
    """
    if not (built or is_again(live, new)) or _place(live) != _place(new):
        return False
    return _asked(new) is not None and _asked(live) == _asked(new) and _keeps_packages(live, new)


def is_again(live: Running, new: Running) -> bool:
    """Whether the one is the other once more, as after a restart: the same bundle with the same variables."""
    return live.bundle.id == new.bundle.id and _variables(live) == _variables(new)


def _place(running: Running) -> tuple[str, str]:
    return running.database.server, running.database.name


def _asked(running: Running) -> tuple[str, ...] | None:
    """With the Python, and the hooks that a release of it ran. None: nobody can tell."""
    manifest = running.bundle.manifest
    if not manifest.get("migrates"):
        return None
    return str(manifest.get("python")), str(manifest["migrates"]), *map(str, manifest.get("hooks", ()))


def _keeps_packages(live: Running, new: Running) -> bool:
    """Whether all of the live release's packages are there as they were. One more makes no difference: what it brings
    to ``migrate`` (an app, a model, a listener) would be in ``migrates``."""
    before, now = (set(one.bundle.manifest.get("packages", {}).items()) for one in (live, new))
    return before <= now


def _variables(running: Running) -> dict[str, str]:
    return {name: value.reveal() for name, value in running.release.environment.items()}
