"""An administrator of a project: of the fields that are given as NAME=VALUE, with the password that comes as a line on
standard input. ``username`` stands for whatever the user model calls it, ``*`` for every other text that it needs.

Prints one JSON object: ``{"name", "path", "filled"}``, what is typed with the password to sign in (a name, or the
e-mail address where the project knows its people by that alone), the path of the project's admin or "" and the fields
that got what ``*`` is, or ``{"wants"}``, the fields that the user model needs beside those given, or ``{"lacks",
"fixtures"}``, the model of a row that the project's own code looks for in vain, and its fixtures with such rows, or
``{"userless"}``, where no app of the project has its user model. Why nobody was made is said on standard error, with
exit code 1; nobody who is there already is changed.
"""

import glob
import inspect
import json
import os
import re
import socket
import sys

MOST = 500  # fixtures that are looked through
LARGEST = 1024 * 1024
BACKEND = 5  # seconds that a backend waits for each answer of another host


def main(argv):
    given = dict(word.partition("=")[::2] for word in argv)
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.exceptions import ImproperlyConfigured

    try:
        model = get_user_model()
    except ImproperlyConfigured as error:
        sys.stdout.write(json.dumps({"userless": True}) + "\n")
        return _refuse(error)
    key = model.USERNAME_FIELD
    given.setdefault(key, given.get("username", ""))
    needed = [key] + [field for field in model.REQUIRED_FIELDS if field != "password"]  # that one is typed
    filled = [field for field in needed if field not in given and "*" in given and _is_free(model, field)]
    given.update(dict.fromkeys(filled, given.get("*")))
    wants = [field for field in needed if field not in given]
    if wants:
        sys.stdout.write(json.dumps({"wants": wants}) + "\n")
        return _refuse("Its user model also wants %s." % ", ".join(wants))
    try:
        fields = {field: _clean(model, field, given[field]) for field in needed}
    except ValueError as error:
        return _refuse(error)
    if model._default_manager.filter(**{key: fields[key]}).exists():
        return _refuse("%s is there already." % fields[key])
    password = sys.stdin.readline().rstrip("\n")
    make = getattr(model._default_manager, "create_superuser", None)
    needs = _needs(make) if make is not None else []
    added = [name for name in needs if name in given and name not in fields and _field(model, name) is not None]
    fields.update({name: given[name] for name in added})
    from django.core.exceptions import ObjectDoesNotExist
    from django.db import transaction

    try:
        with transaction.atomic():  # what its signals refuse was saved before them
            if make is not None and all(name in fields for name in needs):
                make(password=password, **fields)
            else:
                _make(model, password, fields)
    except ObjectDoesNotExist as error:
        return _lacks(error)
    name = _typed(str(fields[key]), given.get("email", ""), password)
    sys.stdout.write(json.dumps({"name": name, "path": _path(), "filled": filled}) + "\n")
    return 0


def _is_free(model, field):
    """Whether any text may stand there, as in a name."""
    found = _field(model, field)
    return (
        found is not None
        and type(found).__name__ in ("CharField", "TextField")
        and not found.choices
        and "phone" not in field.lower()
    )


def _needs(make):
    """What a manager wants beside the password: Django's own a user name, though the model may have none to ask for."""
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    wanted = inspect.signature(make).parameters.values()
    found = [one.name for one in wanted if one.kind in plain and one.default is inspect.Parameter.empty]
    return [name for name in found if name != "password"]


def _field(model, name):
    """None where the model has no such field."""
    try:
        return model._meta.get_field(name)
    except Exception:
        return None


def _make(model, password, fields):
    """For a user model whose manager makes no administrator."""
    user = model(**fields)
    for flag in ("is_active", "is_staff", "is_superuser"):
        if hasattr(model, flag):
            setattr(user, flag, True)
    user.set_password(password)
    user.save()


def _typed(name, email, password):
    """What lets in with that password: a project's own backend may look for an address in what is typed as the name."""
    from django.contrib.auth import authenticate, get_backends

    socket.setdefaulttimeout(BACKEND)  # whoever it asks (LDAP, say): who was made is told all the same
    try:
        own = [type(one) for one in get_backends()]
        # Where django.contrib.auth is no app of the project's, nobody may import this.
        django = sys.modules.get("django.contrib.auth.backends")
        if django and any(one.authenticate is django.ModelBackend.authenticate for one in own):
            return name
        texts = [text for text in (name, email) if text]
        return next((text for text in texts if authenticate(username=text, password=password) is not None), name)
    except Exception:
        return name


def _clean(model, field, text):
    """The text as that field's value, a date or a number. Raises ValueError."""
    from django.core.exceptions import ValidationError

    try:
        return model._meta.get_field(field).clean(text, None)
    except ValidationError as error:
        raise ValueError("%s: %s" % (field, " ".join(error.messages)))


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


def _lacks(error):
    """Of a row that a signal of the project's, say, looks for: nobody has loaded what the site begins with."""
    from django.apps import apps

    model = next((one for one in apps.get_models() if isinstance(error, one.DoesNotExist)), None)
    if model is not None:
        label = "%s.%s" % (model._meta.app_label, model._meta.object_name)
        sys.stdout.write(json.dumps({"lacks": label, "fixtures": _fixtures(label)}) + "\n")
    return _refuse(error)


def _fixtures(label):
    """The names of the fixtures in which such rows stand."""
    from django.apps import apps
    from django.conf import settings

    folders = [os.path.join(one.path, "fixtures") for one in apps.get_app_configs()]
    folders += [str(one) for one in settings.FIXTURE_DIRS]
    files = [file for folder in folders for kind in ("json", "yaml") for file in glob.glob("%s/*.%s" % (folder, kind))]
    names = {os.path.splitext(os.path.basename(file))[0] for file in files[:MOST] if _holds(file, label)}
    return sorted(name for name in names if re.match(r"[A-Za-z0-9_]+\Z", name))


def _holds(file, label):
    with open(file, encoding="utf-8", errors="replace") as content:
        return re.search(r"\bmodel\"?\s*:\s*\"?%s\b" % re.escape(label), content.read(LARGEST), re.I) is not None


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
