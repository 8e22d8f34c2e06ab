"""A project loaded once, in the process that then forks the workers: half the work of a start, and shared memory.

Only where a fork copies nothing that two processes must not share. A project that started threads, or opened sockets or
files to write, while it was imported is started again, and each worker imports it for itself.
"""

import os
import stat
import sys
import threading

from dz_guest import loading, telling, urls

APART = "DZ_GUEST_APART"
SHARED = ("socket:", "anon_inode:[eventpoll]", "anon_inode:[eventfd]")
_environment = dict(os.environ)  # before the project may have changed it


def together():
    """Whether workers may be forked from a project that is loaded."""
    return os.environ.get(APART) != "1" and os.path.isdir("/proc/self/fd")


def ready(before):
    """Make the loaded project ready to be forked, or start this program again; ``before``: what ``opened`` told."""
    from django.db import connections

    urls.load()  # else the first request of each worker imports them
    connections.close_all()
    telling.aside()
    _warm()
    connections.close_all()  # a library of tags may have asked the database, as urls may
    if threading.active_count() > 1 or opened() - before:
        print("Threads, connections or files of the project are open: each worker loads it for itself", flush=True)
        os.execve(sys.executable, [sys.executable] + sys.argv, dict(_environment, **{APART: "1"}))


def _warm():
    """What the first page of each worker would else import; the platform meanwhile hears of the project aside."""
    try:
        from django.template import engines

        with loading.without_collector():
            engines.all()
    except (Exception, SystemExit):  # the first page that needs it says so, as ever
        pass


def opened():
    """Every open file of this process that the kernel would share with a fork and that has a state of its own."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            link = os.readlink("/proc/self/fd/" + name)
        except OSError:  # the listing's own
            continue
        if link.startswith(SHARED) or (link.startswith("/") and _is_written(name)):
            found.add("%s %s" % (name, link))
    return found


def _is_written(descriptor):
    """Whether it is a file with a place of its own to write at: a database (SQLite forbids to carry one over a fork),
    a lock. Logs are appended to, by each worker in its own turn."""
    try:
        with open("/proc/self/fdinfo/" + descriptor) as lines:
            flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
        regular = stat.S_ISREG(os.fstat(int(descriptor)).st_mode)
    except (OSError, StopIteration):  # a thread has closed it since it was listed
        return False
    return regular and int(descriptor) > 2 and bool(flags & os.O_ACCMODE) and not flags & os.O_APPEND
