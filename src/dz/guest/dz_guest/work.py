"""A process beside web: the command of a Procfile's line, in the project's environment and under the wrapper.

Its parent stays, for whoever stops a site signals the whole group, and a Celery worker whose children are told to stop
loses their tasks: the command has a group of its own, and only its first process is told. It may take its time; who
loses patience kills the parent, and the command dies with it. ``broker`` says where a Celery application's messages go.
"""

import os
import re
import signal
import socket
import sys
from urllib.parse import urlsplit

from dz_guest import answers, spec

MANAGERS = ("django-admin", "django-admin.py")
PYTHON = re.compile(r"python[0-9.]*\Z")
SETS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^}]*))?\}|([A-Za-z_]\w*))")
PDEATHSIG = 1
PATIENCE = 2.0  # seconds for a broker to take a connection
PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "pyamqp": 5672, "amqps": 5671, "librabbitmq": 5672}


def main(*words):
    """Run it to its end or until TERM; its exit code, 0 after a TERM that it obeyed."""
    asked = []
    child = [0]

    def stop(number, _):
        asked.append(number)
        if child[0]:
            os.kill(child[0], signal.SIGTERM)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, stop)
    child[0] = os.fork()
    if child[0] == 0:
        _become(words)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    _, status = os.waitpid(child[0], 0)
    try:
        os.killpg(child[0], signal.SIGKILL)  # what it left behind
    except OSError:
        pass
    if os.WIFSIGNALED(status):
        how, code = "signal %d" % os.WTERMSIG(status), 128 + os.WTERMSIG(status)
    else:
        code = os.WEXITSTATUS(status)
        how = "exit %d" % code
    if asked:
        return 0
    print("ended: %s" % how, flush=True)
    return code


def _become(words):
    """The command; never returns."""
    try:
        os.setsid()
        _die_with_parent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        environment = dict(os.environ)
        argv = command(words, environment)
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        sys.stderr.write("cannot start %s: %s\n" % (" ".join(words), error.strerror))
    except BaseException as error:
        sys.stderr.write("cannot start %s: %r\n" % (" ".join(words), error))
    sys.stderr.flush()
    os._exit(127)


def command(words, environment):
    """The argv of a line's words; ``environment`` gets what the line sets, the wrapper, and the project on its path.

    manage.py is never run itself: it may set other settings.
    """
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    own = os.path.dirname(sys.executable)
    words = list(words)
    while words and SETS.match(words[0]):
        name, value = SETS.match(words.pop(0)).groups()
        environment[name] = expanded(value, environment)
    environment["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    environment["PYTHONPATH"] = os.pathsep.join(spec.folders() + [here])
    environment["PATH"] = os.pathsep.join([own, environment.get("PATH", os.defpath)])
    found = [expanded(word, environment) for word in words]
    found = [new for new, word in zip(found, words) if new or not word]  # as a shell drops a variable without a value
    if not found:
        raise ValueError("it names no command")
    if "/" in found[0] and not os.path.exists(found[0]):
        code = spec.get("code", "")
        if os.path.exists(os.path.join(code, found[0])):
            os.chdir(code)  # a script that lies where the Procfile does, and that goes on from there
    return _managed(found, os.path.join(here, "main.py"))


def _managed(found, main):
    """The same, with our Python; what is a command of Django's is the guest's ``main``'s to run."""
    managed = found
    if PYTHON.match(os.path.basename(found[0])):
        found = [sys.executable] + found[1:]
        flags = 1
        while flags < len(found) and re.match(r"-[A-Zbdisuv]+\Z", found[flags]) and found[flags] not in ("-W", "-X"):
            flags += 1
        managed = found[flags:]
        if managed[:2] == ["-m", "django"]:
            managed = ["manage.py"] + managed[2:]
    if managed and (os.path.basename(managed[0]) == "manage.py" or managed[0] in MANAGERS):
        return [sys.executable, main, "manage"] + managed[1:]
    return found


def expanded(word, environment):
    """``$NAME``, ``${NAME}`` and ``${NAME:-else}``, as a shell has them."""
    return VARIABLE.sub(lambda m: environment.get(m.group(1) or m.group(3)) or m.group(2) or "", word)


def broker(name, marker):
    """Answer where that Celery application's broker is."""
    answer = answers.Answers(marker)
    os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    answer.give(broker_of(name))
    return 0


def broker_of(name):
    """``url`` without its password, "" for none; ``answers``: None where it was not tried, since only what is said to
    be on this very machine is. ``error``: it could not be asked."""
    told = {"url": "", "answers": None, "error": ""}
    try:
        url = _broker_url(name)
        parts = urlsplit(url)
        if parts.hostname or parts.scheme:
            told["url"] = "%s://%s%s" % (parts.scheme, parts.hostname or "", ":%d" % parts.port if parts.port else "")
        if parts.scheme in PORTS and (parts.hostname or "localhost") in ("localhost", "127.0.0.1", "::1"):
            told["answers"] = _answers(parts.hostname or "localhost", parts.port or PORTS[parts.scheme])
    except BaseException as error:
        told["error"] = repr(error)
    return told


def _broker_url(name):
    import django

    django.setup()
    try:
        from celery.app.utils import find_app
    except ImportError:
        from celery.bin.base import Command

        find_app = Command().find_app
    found = find_app(name).conf
    url = getattr(found, "broker_url", None) or getattr(found, "BROKER_URL", None) or ""
    return (url[0] if url else "") if isinstance(url, (list, tuple)) else str(url).split(";")[0]


def _answers(host, port):
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except OSError:
        return False
    return True


def _die_with_parent():
    parent = os.getppid()
    try:
        import ctypes

        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    except (ImportError, OSError):
        return
    if os.getppid() != parent:
        os._exit(1)
