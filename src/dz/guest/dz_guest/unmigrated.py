"""Models that were changed without a migration, as ``makemigrations --check`` finds them. Told, never a reason to
refuse: their tables stay as they are, and a page that needs the new column fails.
"""

import sys

from dz_guest import inputs


def labels(loader):
    """The project's own apps that have such models; ``loader`` has read all migrations from the disk. Those that
    packages bring are their authors' matter, those without any migration are made by ``migrate`` as they are. A project
    with a ``makemigrations`` of its own decides itself what is a change (the words of a form are none to some)."""
    from django.apps import apps
    from django.core.management import get_commands
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.migrations.state import ProjectState

    own = [one.label for one in apps.get_app_configs() if not inputs.in_environment(one.path)]
    if not loader.migrated_apps.intersection(own) or get_commands().get("makemigrations") != "django.core":
        return []
    try:
        loader.build_graph()
        now = ProjectState.from_apps(apps)
        found = MigrationAutodetector(loader.project_state(), now, MigrationQuestioner(dry_run=True))
        return sorted(set(found.changes(graph=loader.graph)).intersection(own, loader.migrated_apps))
    except Exception as error:  # told by migrate itself, with its line
        sys.stderr.write("Whether migrations are missing cannot be told: %s\n" % error)
        return []
