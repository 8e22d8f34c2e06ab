"""The first administrator of a project: made with the password that comes as a line on standard input.

Prints one JSON object: ``{"name", "path"}``, the path of the project's admin or "". What its user model can't do is
said on standard error, with exit code 1; nobody who is there already is changed.
"""

import json
import sys


def main(argv):
    name, email = argv
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    model = get_user_model()
    fields, wanted = _fields(model, name, email)
    if wanted:
        return _refuse("Its user model also wants %s." % ", ".join(wanted))
    key = fields[model.USERNAME_FIELD]
    if model._default_manager.filter(**{model.USERNAME_FIELD: key}).exists():
        return _refuse("%s is there already." % key)
    password = sys.stdin.readline().rstrip("\n")
    model._default_manager.create_superuser(password=password, **fields)
    sys.stdout.write(json.dumps({"name": str(key), "path": _path()}) + "\n")
    return 0


def is_missing():
    """Whether the project has an admin and nobody who may enter it; None where that can't be told."""
    try:
        from django.apps import apps

        if not apps.is_installed("django.contrib.admin"):
            return None
        from django.contrib.auth import get_user_model

        return not get_user_model()._default_manager.filter(is_superuser=True).exists()
    except Exception:
        return None


def _fields(model, name, email):
    """What is known of the fields that a superuser needs, and the names of those that are not."""
    known = {"email": email, model.USERNAME_FIELD: email if model.USERNAME_FIELD == "email" else name}
    needed = [model.USERNAME_FIELD] + list(model.REQUIRED_FIELDS)
    fields = {field: known[field] for field in needed if field in known}
    return fields, [field for field in needed if field not in known]


def _path():
    try:
        from django.urls import reverse
    except ImportError:  # before Django 1.10
        from django.core.urlresolvers import reverse

    try:
        return reverse("admin:index")
    except Exception:
        return ""


def _refuse(why):
    sys.stderr.write("%s\n" % why)
    return 1
