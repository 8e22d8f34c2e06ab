"""The storage of static files: the project's own made forgiving, or Django's plain one.

A template that names a missing file must not be a page that fails, nor may a style sheet that refers to one stop the
build. A storage elsewhere (S3) is replaced: the platform serves the collected files itself. Imported by Django once
settings are there.
"""

from urllib.parse import unquote, urlsplit

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from dz_guest import settings


def _theirs():
    named = _named()
    try:
        found = import_string(named) if named else StaticFilesStorage
    except (ImportError, ImproperlyConfigured):  # the latter of one that misses what it reaches its place with
        return StaticFilesStorage, False
    # A function that makes one gives it a place of its own, which is not here.
    ours = isinstance(found, type) and issubclass(found, StaticFilesStorage)
    return (found, True) if ours else (StaticFilesStorage, False)


def _named():
    stores = settings.original.get("STORAGES") or {}
    return (stores.get("staticfiles") or {}).get("BACKEND") or settings.original.get("STATICFILES_STORAGE")


_base, _own = _theirs()
replaced = bool(_named()) and not _own  # the files are here now, whatever address the settings have for them


class StaticStorage(_base):
    """Names a file by its own name where the hashed one cannot be found."""

    manifest_strict = False
    _making = False

    def __init__(self, *args, **kwargs):
        self._found = set()
        super(StaticStorage, self).__init__(*args, **(kwargs if _own else {}))

    def url(self, name, *args, **kwargs):
        try:
            return super(StaticStorage, self).url(name, *args, **kwargs)
        except ValueError:
            return StaticFilesStorage.url(_plain, name)


if hasattr(_base, "post_process"):

    def _post_process(self, *args, **kwargs):
        self._making = True
        for name, hashed, processed in super(StaticStorage, self).post_process(*args, **kwargs):
            if isinstance(processed, Exception):
                print("Left as it is: %s (%s)" % (name, str(processed).splitlines()[0]))
                processed = False
            yield name, hashed, processed
        self._making = False

    StaticStorage.post_process = _post_process

if hasattr(_base, "stored_name"):

    def _stored_name(self, name):
        """A hash is made of any file that is there: of one that was committed among the collected ones, and that no
        manifest has, none by that name is."""
        stored = super(StaticStorage, self).stored_name(name)
        if stored == name or stored in self._found or self._making:
            return stored
        if not self.exists(urlsplit(unquote(stored)).path):
            return name
        self._found.add(stored)
        return stored

    StaticStorage.stored_name = _stored_name

_plain = StaticFilesStorage()
