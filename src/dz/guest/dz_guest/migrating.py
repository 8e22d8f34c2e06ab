"""``migrate``: one at a time per project, and what it did afterwards, also when it failed half-way.

The advisory lock belongs to the very connection that migrates, so it ends with it, whatever ends it.
"""

import sys
import time

from dz_guest import admin, bare, cachetables, casting, urls

RESTARTS = 10.0  # seconds in which a database server that ended is back
AWAY = ("refused", "No such file", "starting up", "shutting down", "recovery mode", "terminating")
ALL = {"--noinput", "--no-input"}  # what is asked for with no other words is every migration
LOCK = 0x647A6D67  # one per database is enough: advisory locks do not reach beyond it


def migrate(argv, summary):
    """Run the command; ``summary`` gets in any case ``applied`` and ``failed``, lists of app and name, the ``file`` of
    the one that failed, and whether that one is ``atomic``, so that nothing of it stays; after a success also
    ``adminless``: whether there is an admin that nobody may enter."""
    from django.core.management import call_command
    from django.db import connection

    summary.update(applied=[], failed=None, file="", atomic=True)
    urls.load()  # as the checks of Django's own do: what migrations import may be importable in that order alone
    bare.adopt()
    _reach(connection)
    _lock(connection)
    plan, before = _plan(connection), _applied(connection)
    casting.install(connection)
    try:
        for label in _first() if ALL.issuperset(argv) else []:
            call_command("migrate", label, interactive=False)
        call_command("migrate", *argv, **_options(before))
        if ALL.issuperset(argv):
            cachetables.make()
    except BaseException:
        connection.close()  # what is told now must not be seen through a broken transaction
        _tell(summary, plan, before, connection)
        raise
    _tell(summary, plan, before, connection)
    summary["adminless"] = admin.is_missing()


def _tell(summary, plan, before, connection):
    try:
        after = _applied(connection)
    except Exception as error:
        print("What was applied cannot be told: %s" % error)
        return
    summary["applied"] = [list(one) for one in plan if one in after and one not in before]
    failed = next((one for one in plan if one not in after), None)
    file, atomic = plan.get(failed, ("", True))
    summary.update(failed=failed and list(failed), file=file, atomic=atomic)


def _options(before):
    """No questions, tables for apps that have no migrations at all. Once those have a first one, it finds them made;
    where nothing was applied ``before`` there is nothing to find."""
    import django

    options = {"interactive": False, "fake_initial": bool(before)}
    if django.VERSION >= (1, 9):
        options["run_syncdb"] = True
    return options


def _first():
    """The apps with migrations to whose tables those of apps without any point. Django makes the latter first, which
    PostgreSQL refuses where SQLite looks at no foreign key: such projects come from there."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    models = [model for model in apps.get_models() if model._meta.app_label in loader.unmigrated_apps]
    fields = [field for model in models for field in model._meta.local_fields + list(model._meta.local_many_to_many)]
    links = [getattr(one, "remote_field", None) or getattr(one, "rel", None) for one in fields]
    there = {link.model._meta.app_label if hasattr(link.model, "_meta") else "" for link in links if link}
    return sorted(there & loader.migrated_apps)


def _reach(connection):
    """A server that starts again just now is waited for: nothing that the project could mend."""
    from django.db import OperationalError

    end = time.time() + RESTARTS
    while True:
        try:
            return connection.ensure_connection()
        except OperationalError as error:
            if time.time() > end or not any(words in str(error) for words in AWAY):
                raise
        time.sleep(0.2)


def _lock(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            print("Waiting for another migration of this project to end")
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])


def _plan(connection):
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    plan = {}
    for one, _backwards in executor.migration_plan(targets):
        file = getattr(sys.modules.get(type(one).__module__), "__file__", None) or ""
        plan[(one.app_label, one.name)] = (file, bool(getattr(one, "atomic", True)))
    return plan


def _applied(connection):
    from django.db.migrations.recorder import MigrationRecorder

    return {tuple(one) for one in MigrationRecorder(connection).applied_migrations()}
