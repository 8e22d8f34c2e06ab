"""The file that a model has for who gave none (``ImageField(default="default.png")``), where the repository holds it.

It was committed to the project's own MEDIA_ROOT, and code opens it in the one that counts: each new user was an error.
"""

import os
import shutil
import sys


def bring():
    """Copy what is missing; whether it can be had is no reason not to start."""
    try:
        _bring()
    except Exception as error:
        sys.stderr.write("The files of models' defaults are not copied: %s\n" % error)


def _bring():
    from django.apps import apps
    from django.conf import settings
    from django.db.models import FileField
    from dz_guest import settings as wrapper

    committed = str(wrapper.original.get("MEDIA_ROOT") or "")
    if not committed or not os.path.isdir(committed) or not settings.MEDIA_ROOT:
        return
    source, target = os.path.realpath(committed), os.path.realpath(str(settings.MEDIA_ROOT))
    fields = [field for model in apps.get_models() for field in model._meta.fields if isinstance(field, FileField)]
    for name in sorted({field.default for field in fields if isinstance(field.default, str) and field.default}):
        file, copy = os.path.realpath(os.path.join(source, name)), os.path.normpath(os.path.join(target, name))
        inside = file.startswith(source + os.sep) and copy.startswith(target + os.sep)
        if source != target and inside and os.path.isfile(file) and not os.path.lexists(copy):
            _copy(file, copy)


def _copy(file, copy):
    """Whole or not at all: two releases may start at once."""
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    coming = "%s.%d" % (copy, os.getpid())
    shutil.copyfile(file, coming)
    os.replace(coming, copy)
