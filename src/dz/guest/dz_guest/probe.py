"""Which settings and application of a project really work, found by trying, each in a process of its own.

Settings candidates are tried in order; the first whose settings, apps, urls and application all load is chosen. The
answer holds every try: what was learned or what went wrong, with the project's own line.
"""

import importlib
import json
import os
import platform
import select
import signal
import sys
import time

from dz_guest import answers, errors, loading, spec

LIMIT = 60.0
COLLECTING = 300.0  # seconds
MOST = 4 * 1024 * 1024
MOST_MIGRATIONS = 5000


def main(marker):
    """Print the answer; 0 if a candidate works, 1 if none does."""
    answer = answers.Answers(marker)
    candidates = spec.get("candidates", {})
    tries = []
    for name in candidates.get("settings") or [spec.get("settings_module")]:
        tries.append(_apart(name, candidates))
        if tries[-1]["ok"]:
            break
    answer.give({"python": platform.python_version(), "tries": tries})
    return 0 if tries and tries[-1]["ok"] else 1


def _apart(name, candidates):
    """Try one in a child: a half-imported project leaves nothing behind, and one that hangs is ended."""
    told, telling = os.pipe()
    collected, collecting = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.time()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.close(collected)
        _child(telling, collecting, name, candidates)
    os.close(telling)
    os.close(collecting)
    data = _read(told, began + spec.get("probe_seconds", LIMIT))
    found = {"settings": name, "ok": False, "stage": "settings", "seconds": round(time.time() - began, 3)}
    try:
        found.update(json.loads(data.decode("ascii")))
    except (AttributeError, ValueError):
        found["error"] = _silent("timeout" if data is None else "exit")
    found["collected"] = found["ok"] and _read(collected, time.time() + COLLECTING) == b"all"
    if data is None or not found["collected"]:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for pipe in (told, collected):
        os.close(pipe)
    return found


def _child(telling, collecting, name, candidates):
    try:
        found = _try(name, candidates)
        _write(telling, json.dumps(found).encode("ascii"))
        os.close(telling)
        if found.get("ok") and spec.get("collect") and found["learned"]["staticfiles"]:
            _collect()
            _write(collecting, b"all")
    except BaseException as error:
        sys.stderr.write("%r\n" % (error,))
    finally:
        sys.stderr.flush()
        os._exit(0)


def _write(pipe, data):
    while data:
        data = data[os.write(pipe, data) :]


def _collect():
    """What it says goes to where all goes that the project says."""
    from dz_guest import collecting

    sys.stdout.flush()
    os.dup2(2, 1)
    collecting.collect([])
    sys.stdout.flush()


def _read(reading, until):
    """All of it, or None once the time is up."""
    data = b""
    while len(data) < MOST:
        ready = select.select([reading], [], [], max(0.0, until - time.time()))[0]
        if not ready:
            return None
        piece = os.read(reading, 65536)
        if not piece:
            return data
        data += piece
    return data


def _silent(kind):
    told = {"timeout": "it did not finish importing in time", "exit": "its process ended while it was imported"}
    empty = {"name": "", "type": "", "file": "", "line": 0, "source": "", "traceback": ""}
    return dict(empty, kind=kind, message=told[kind])


def loaded(candidates):
    """What ``main`` would answer of the settings that this process has loaded. Raises what stands in the way."""
    found = {"settings": spec.get("settings_module"), "ok": True, "stage": "", "seconds": 0.0}
    _urls({})
    _applications(found, candidates)
    found["learned"] = _everything(candidates)
    return {"python": platform.python_version(), "tries": [found]}


def _try(name, candidates):
    spec.use(settings_module=name)
    found = {"stage": "settings"}
    try:
        with loading.without_collector():
            _load(found, candidates)
        found.update(ok=True, stage="", learned=_everything(candidates))
    except BaseException as error:
        found["error"] = errors.describe(error)
        if found["error"]["kind"] == "ours":
            sys.stderr.write(found["error"]["traceback"])  # for whoever mends it
    return found


def _load(found, candidates):
    os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    importlib.import_module(spec.WRAPPER)
    found["stage"] = "setup"
    import django

    django.setup()
    found["stage"] = "urls"
    _urls(found)
    found["stage"] = "application"
    _applications(found, candidates)


def _everything(candidates):
    return dict(_learned(), brokerless=_brokerless(candidates))


def _urls(found):
    """Import the urls. Ones that ask the database while imported are taken: at run time it is there."""
    from django.conf import settings

    if not getattr(settings, "ROOT_URLCONF", None):
        return
    try:
        list(importlib.import_module(settings.ROOT_URLCONF).urlpatterns)
    except Exception as error:
        found["note"] = errors.describe(error)
        if found["note"]["kind"] != "database":
            raise


def _applications(found, candidates):
    """The first WSGI and the first ASGI candidate that load; Django's own WSGI where there is no candidate."""
    from dz_guest import applications

    failed = None
    for kind in ("wsgi", "asgi"):
        found[kind] = ""
        for name in candidates.get(kind) or []:
            try:
                applications.load(name)
                found[kind] = name
                break
            except BaseException as error:
                failed = failed or error
    if failed and not (found["wsgi"] or found["asgi"]):
        raise failed


def _brokerless(candidates):
    """The Celery applications that name no broker: imported here, they need not be asked at each start."""
    from dz_guest import work

    told = ((name, work.broker_of(name)) for name in candidates.get("celery") or [])
    return [name for name, broker in told if not (broker["url"] or broker["error"])]


def _learned():
    """What the settings say once they work."""
    from django.conf import settings
    from dz_guest import pages, staticinputs

    collects = any("django.contrib.staticfiles" in str(app) for app in settings.INSTALLED_APPS)
    migrations, migrates, unmigrated, bare = _migrations()
    return {
        "static_url": _static_url() if collects else str(settings.STATIC_URL or ""),
        "media_url": str(settings.MEDIA_URL or ""),
        "staticfiles": collects,
        "static_inputs": staticinputs.fingerprint() if collects else "",
        "pages": pages.first(),
        "migrations": migrations,
        "migrates": migrates,
        "unmigrated": unmigrated,
        "bare": bare,
    }


def _static_url():
    """Where the collected files are served: here, where the settings' address is that of a storage that is replaced."""
    from django.conf import settings
    from dz_guest import storage

    url = str(settings.STATIC_URL or "")
    return "/static/" if "//" in url and storage.replaced else url


def _migrations():
    """Every migration of the project and its packages: app, name, and whether it says that it can be undone. Beside
    them the hash of what else ``migrate`` makes, the apps whose models none of them makes as they are, and those
    without any."""
    from dz_guest import bare, schema, unmigrated

    try:
        loader = bare.adopt()
    except Exception as error:  # told by migrate itself, with its line
        print("The migrations can't be read: %s" % error, file=sys.stderr)
        return [], "", [], []
    found = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        found.append([app, name, all(getattr(one, "reversible", False) for one in migration.operations)])
    if len(found) > MOST_MIGRATIONS:
        return found[:MOST_MIGRATIONS], "", [], bare.labels(loader)
    return found, schema.fingerprint(loader), unmigrated.labels(loader), bare.labels(loader)
