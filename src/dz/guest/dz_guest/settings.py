"""The settings module of every process of a project: its own settings, with what only the platform can know over them.

The original is imported first, under its own name and with ``DJANGO_SETTINGS_MODULE`` naming it, because settings may
read ``django.conf.settings`` or their own module while they are imported. What is changed is written back into the
original module too: some projects import it directly and would miss the change.
"""

import importlib
import os

from dz_guest import classes, early, override, secretfile, spec


def _original():
    name = spec.get("settings_module")
    os.environ["DJANGO_SETTINGS_MODULE"] = name
    try:
        classes.install(name)
        with secretfile.stood_in_for(), early.laid_over(name):
            return importlib.import_module(name)
    finally:
        os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER


_module = _original()
original = {name: getattr(_module, name) for name in dir(_module) if name.isupper()}
changed = override.overrides(dict(original))
for _name, _value in changed.items():
    setattr(_module, _name, _value)
globals().update(original)
globals().update(changed)
