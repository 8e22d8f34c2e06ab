"""What ``collectstatic`` would be made from, as one hash: while it stays, so does what was collected.

Where the project's own code takes part in the collecting (its storage, its command, a compressor), the answer is "":
collect every time.
"""

import hashlib
import importlib.util
import json
import os

from dz_guest import inputs, spec

MOST_FILES = 20000
PREFIXES = ("STATIC", "WHITENOISE_", "FILE_UPLOAD_")
KNOWN = ("django.", "whitenoise.", "dz_guest.", "builtins")


def fingerprint():
    """The hash, or "" where it would not say enough."""
    return inputs.told("collectstatic is made from", _fingerprint)


def _fingerprint():
    from django.contrib.staticfiles.finders import get_finders

    if not _is_plain():
        return ""
    digest = hashlib.sha256(_settings().encode("utf-8"))
    seen = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            name = os.path.join(getattr(storage, "prefix", None) or "", path)
            if not type(storage).__module__.startswith("django.") or len(seen) > MOST_FILES:
                return ""
            seen.setdefault(name, storage.path(path))  # of two with one name the first is collected
    for name in sorted(seen):
        digest.update(("%s\0%s\n" % (name, inputs.digest_of(seen[name]))).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _is_plain():
    """Whether Django and whitenoise alone decide what comes out."""
    from django.conf import settings
    from django.core.management import get_commands
    from dz_guest import settings as wrapper
    from dz_guest.storage import StaticStorage

    if get_commands().get("collectstatic") != "django.contrib.staticfiles":
        return False
    if getattr(settings, "COMPRESS_ENABLED", False) and getattr(settings, "COMPRESS_OFFLINE", False):
        return False
    if os.path.isdir(str(wrapper.original.get("STATIC_ROOT") or "")):
        return False  # what was committed there is kept beside what is collected
    return all((one.__module__ + ".").startswith(KNOWN) for one in StaticStorage.__mro__)


def _settings():
    from django.conf import settings
    from dz_guest.storage import StaticStorage

    values = {name: getattr(settings, name) for name in dir(settings) if name.startswith(PREFIXES)}
    values["storage"] = [one.__module__ + "." + one.__name__ for one in StaticStorage.__mro__]
    values["made by"] = _makers()
    values["STORAGES"] = (getattr(settings, "STORAGES", None) or {}).get("staticfiles")
    return _anywhere(json.dumps(values, sort_keys=True, default=_path))


def _anywhere(text):
    """The same wherever the code lies: each release has folders of its own."""
    folders = {name: spec.get(name) for name in ("code", "static_root", "media_root")}
    for name, folder in dict(folders, home=os.environ.get("HOME")).items():
        if folder:
            text = text.replace(json.dumps(folder)[1:-1], "<%s>" % name)
    return text


def _makers():
    """Who decides what comes out, so that other packages may come and go."""
    import django

    makers = [django.get_version()]
    for name in ("whitenoise.storage", "whitenoise.compress", "brotli"):  # the last is used where it is there
        try:
            origin = importlib.util.find_spec(name).origin
        except (ImportError, AttributeError, ValueError):
            continue
        makers.append("%s %s" % (name, inputs.digest_of(origin)))
    return makers


def _path(value):
    """Anything else might be told differently every time."""
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError("a setting is a %s" % type(value).__name__)
