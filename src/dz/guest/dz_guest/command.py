"""What a person runs in a release: ``manage.py ARGS``, ``python ARGS``, or the first administrator.

With ``terminal`` its standard input is a terminal of its own, which becomes the controlling one, so that Ctrl-C and
questions for a password work. Whoever started the sandbox ignores Ctrl-C; the command must not.
"""

import os
import signal
import sys

from dz_guest import spec


def main(how, program, *argv):
    """Run it; the exit code is the command's own."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if how == "terminal":
        _take_terminal()
    os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    if program == "python":
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        os.environ["PYTHONPATH"] = os.pathsep.join(spec.folders() + [here])
        os.execv(sys.executable, [sys.executable] + list(argv))
    if program == "admin":
        from dz_guest import admin

        return admin.main(list(argv))
    return _manage(list(argv))


def _take_terminal():
    import fcntl
    import termios

    try:
        os.setsid()
    except OSError:
        pass  # it leads its session already
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _manage(argv):
    """As the project's manage.py would, but for migrate, of which only one runs at a time."""
    import django
    from django.core.management import CommandError, ManagementUtility

    sys.argv = ["manage.py"] + argv
    if not argv or argv[0] != "migrate":
        ManagementUtility(sys.argv).execute()
        return 0
    from dz_guest import migrating

    django.setup()
    try:
        migrating.migrate(argv[1:], {})
    except CommandError as error:
        sys.stderr.write("CommandError: %s\n" % error)
        return getattr(error, "returncode", 1)
    return 0
