"""The project's own apps that have models and not one migration: their tables are made as the models are.

An app whose folder of migrations holds none (git ignores what it held) has migrations in Django's eyes, so that no
command ever makes its tables. It is taken for what it is, an app without migrations.
"""

import django
from dz_guest import inputs


def adopt():
    """Have the empty folders count as none; called before migrations are loaded. A loader that has read all of them
    from the disk. Raises what loading them raises."""
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    if django.VERSION < (1, 9):
        return loader  # it knows no way to say so
    filled = {app for app, _ in loader.disk_migrations}
    empty = [label for label in _own() if label in loader.migrated_apps and label not in filled]
    if empty:
        settings.MIGRATION_MODULES = dict(settings.MIGRATION_MODULES, **dict.fromkeys(empty))
        loader.load_disk()
    return loader


def labels(loader):
    """All of them; ``loader`` has read the migrations from the disk since."""
    return sorted(label for label in _own() if label in loader.unmigrated_apps)


def _own():
    from django.apps import apps

    own = [one for one in apps.get_app_configs() if not inputs.in_environment(one.path)]
    return [one.label for one in own if any(model._meta.managed for model in one.get_models())]
