"""Settings that are asked for before they are laid over: by a package that imports its celery.py, say, which calls
``django.setup()``. What is made of them then (storages, connections, apps) stays for good, so they are what they will
be. Only once their module is whole: of a part nothing can be told, and Django gives that part.
"""

import sys
from contextlib import contextmanager

from dz_guest import override, spec


@contextmanager
def laid_over(name):
    """While the settings module of that name is imported; a class that it puts there itself stays."""
    import django.conf

    plain = django.conf.Settings

    class Early(plain):
        def __init__(self, module):
            super(Early, self).__init__(module)
            found = sys.modules.get(name)
            if module == name and found is not None and not getattr(found.__spec__, "_initializing", False):
                _lay_over(self, found)

    django.conf.Settings = Early
    try:
        yield
    finally:
        if django.conf.Settings is Early:
            django.conf.Settings = plain


def _lay_over(settings, module):
    original = {key: getattr(module, key) for key in dir(module) if key.isupper()}
    sys.modules[spec.WRAPPER].original = original  # which the storage of static files asks for
    changed = override.overrides(dict(original))
    if "STATICFILES_STORAGE" in changed and hasattr(
        settings, "STORAGES"
    ):  # as Django 4.2 to 5.0 makes one of the other
        stored = {"BACKEND": changed["STATICFILES_STORAGE"]}
        changed["STORAGES"] = dict(settings.STORAGES, staticfiles=stored)
    for key, value in changed.items():
        setattr(settings, key, value)
