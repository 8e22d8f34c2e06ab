"""Finds the Pythons of this machine for bin/bootstrap.py. Standard library only, Python 3.8 or later."""

import glob
import os
import re
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 14)
CODE = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


def everything():
    """Paths of all interpreters that may be worth a look, the likeliest first."""
    names = ["python3"] + ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    home = os.path.expanduser("~")
    pyenv = os.environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
    found = [sys.executable] + [shutil.which(name) for name in names]
    for pattern in (
        "/usr/bin/python3.*",
        "/usr/local/bin/python3.*",
        os.path.join(pyenv, "versions/*/bin/python3"),
        os.path.join(home, ".local/share/uv/python/*/bin/python3"),
    ):
        found += sorted(glob.glob(pattern), reverse=True)
    real = [os.path.realpath(path) for path in found if path and not re.search(r"config$|/shims/", path)]
    return list(dict.fromkeys(real))


def best(candidates=None, rooted=None):
    """The interpreter to install with; "" if there is none that fits.

    As root one that everybody reaches is better: the services run as users of their own.
    """
    rooted = os.geteuid() == 0 if rooted is None else rooted
    fitting = [path for path in candidates or everything() if fits(version_of(path))]
    open_ones = [path for path in fitting if everybody_reaches(path)]
    return ((open_ones if rooted else []) + fitting + [""])[0]


def of_venv(venv):
    """The interpreter of a virtualenv that still works; "" otherwise."""
    path = os.path.join(venv, "bin", "python")
    return path if os.path.exists(path) and fits(version_of(path)) else ""


def version_of(path):
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", CODE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def fits(version):
    parts = version.split(".")
    return len(parts) == 3 and OLDEST <= (int(parts[0]), int(parts[1])) <= NEWEST


def everybody_reaches(path):
    """Whether every folder above it is open to all."""
    folder = os.path.dirname(os.path.realpath(path))
    while True:
        if not os.stat(folder).st_mode & 0o001:
            return False
        if folder == "/":
            return True
        folder = os.path.dirname(folder)
