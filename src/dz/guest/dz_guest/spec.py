"""The JSON file that says what to run, and the place on ``sys.path`` of the project's code.

Keys, all optional but ``project_root``: ``code`` (the whole checkout), ``python_path`` (more folders),
``settings_module``, ``wsgi``, ``asgi``, ``candidates`` (``settings``, ``wsgi``, ``asgi``, ``celery``: lists, for the
probe), ``collect`` (whether it goes on to collect static files), ``probe_seconds`` (that each of its tries may take),
``tell`` (the file in which a web process says what a probe would),
``static_root``, ``static_url``, ``media_root``, ``hosts``, ``scheme``, ``port``, ``release``, ``workers``,
``site_media_map`` (pairs folder, url).
Secrets are never in it: they come in the environment.
"""

import json
import os
import sys

WRAPPER = "dz_guest.settings"
_values = {}


def enter():
    """Go to the project's folder and put its code first on the path."""
    os.chdir(get("project_root"))
    sys.path[:0] = [folder for folder in folders() if folder not in sys.path]


def folders():
    """Where the project's code is imported from."""
    root = get("project_root")
    return [root] + [os.path.join(root, folder) for folder in get("python_path", [])]


def get(key, default=None):
    """A value of the spec, read on first use; what is missing or null is ``default``."""
    if not _values:
        with open(os.environ["DZ_GUEST_SPEC"], encoding="utf-8") as lines:
            _values.update(json.load(lines))
        if "DZ_REACHED" in os.environ:  # where the world came in as the file was made may be another place by now
            _values["scheme"], _values["port"] = os.environ["DZ_REACHED"].split()
    value = _values.get(key)
    return default if value is None else value


def use(**values):
    """What the probe tries next."""
    _values.update(values)


def origin(host):
    """The address a browser shows for that hostname, with the port where it is not the scheme's own."""
    scheme, port = get("scheme", "http"), get("port")
    if port is None or int(port) == {"http": 80, "https": 443}[scheme]:
        return "%s://%s" % (scheme, host)
    return "%s://%s:%s" % (scheme, host, port)
