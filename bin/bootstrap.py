#!/usr/bin/env python3
"""The way in from a fresh clone: ``python3 bin/bootstrap.py demo|up|down|test|lint|bench|corpus|soak|faults|sync``.

Standard library only, Python 3.8 or later. It finds a Python that DjangoZoom runs on (3.11 or later), gets uv, installs
exactly what uv.lock names into .venv, and goes on there. A second run costs a tenth of a second.
"""

import hashlib
import os
import platform
import pwd
import shutil
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bin"))

import pythons  # noqa: E402
import tools  # noqa: E402

VENV = os.path.join(ROOT, ".venv")
NOT_LINUX = "DjangoZoom runs on Linux. Here, start a Linux machine first: docs/linux-vm.md, two commands."
COMMANDS = {
    **dict.fromkeys(("demo", "up", "down"), "local"),
    **dict.fromkeys(("test", "lint", "bench", "corpus", "soak", "faults"), "steps"),
    "sync": "",
}
HELP = ("-h", "--help")
DOES = {
    "demo": "starts a platform of this clone and deploys a sample site.",
    "up": "starts the platform of this clone; a second time it starts what is down.",
    "down": "stops it. Its data stays.",
    "test": "runs the tests. TESTS=unit,role takes stages, TESTS='tests/unit -x' is pytest's.",
    "lint": "runs the checkers: format, ruff, types, imports.",
    "bench": "measures deploys and requests, and writes docs/performance.md. ROUNDS=1 is a quick look.",
    "corpus": "checks and deploys the real projects of TRUTH=folder, REPOS=folder. ONLY=name, DEPLOY=no, AGAIN=no.",
    "soak": "changes a site under load, and writes into docs/reliability.md. DEPLOYS=100 FAILING=20 ROLLBACKS=20.",
    "faults": "kills each part of a platform in each step, and writes into docs/reliability.md. ONLY=words, AGAIN=no.",
    "sync": "installs what uv.lock names into .venv.",
}
SPACE = 2 * 1000**3  # bytes for the platform, its servers and a first site


def main():
    given, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    explained(given, words)
    if sys.platform != "linux":
        sys.exit(NOT_LINUX)
    if sys.version_info < (3, 8):
        sys.exit("bin/bootstrap.py needs Python 3.8 or later to begin with; this is %s." % platform.python_version())
    if given in ("demo", "up"):
        named()
    python = checked(quiet=given in ("down", "lint", "test", "bench", "corpus", "soak", "faults", "sync"))
    installed(python, dev=COMMANDS[given] == "steps")
    go_on(given, words)


def explained(given, words):
    """Said and ended here, before anything is installed: help, and words that a step would not read."""
    usage = "usage: python3 bin/bootstrap.py %s" % "|".join(COMMANDS)
    if given in HELP:
        print("\n".join([usage, *("  %-7s %s" % (name, DOES[name]) for name in COMMANDS)]))
        sys.exit(0)
    if given not in COMMANDS:
        sys.exit(usage)
    if COMMANDS[given] == "local":  # it has options of its own
        return
    if set(words) & set(HELP):
        print("%s %s" % (given, DOES[given]))
        sys.exit(0)
    if words:
        sys.exit("%s takes no words, and here is %s. It %s" % (given, " ".join(words), DOES[given]))


def named():
    """Said before anything is installed; dz up looks again."""
    uid = os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        sys.exit(
            "The user id %d has no name on this machine, and PostgreSQL makes no database for a number alone.\n"
            "Have root name it (useradd -u %d djangozoom; in a container: in its image)." % (uid, uid)
        )


def checked(quiet):
    """Look at the machine; the interpreter to install with, or "" if uv has to fetch one."""
    began = time.time()
    for tool in ("git", "setpriv"):
        if shutil.which(tool) is None:
            package = {"setpriv": "util-linux"}.get(tool, tool)
            sys.exit("DjangoZoom needs %s. Install the package %s, then run this again." % (tool, package))
    free = shutil.disk_usage(ROOT).free
    if free < SPACE:
        sys.exit("Only %.1f GB are free at %s; DjangoZoom needs 2 GB." % (free / 1e9, ROOT))
    python = pythons.of_venv(VENV) or pythons.best()
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    what = "Python %s" % pythons.version_of(python) if python else "Python comes with the next step"
    if not quiet:
        tools.done("Check this machine", began, "Linux %s, %s, %d GB free" % (kernel, what, free // 10**9))
    return python


def installed(python, dev):
    """.venv holds what uv.lock names. Skipped when it was made from this very lock."""
    began = time.time()
    stamp = os.path.join(VENV, ".synced")
    wanted = fingerprint()
    have = synced(stamp)
    if have[:1] == [wanted] and (not dev or "dev" in have) and pythons.of_venv(VENV):
        return
    dev = dev or (have[1:] == ["dev"])
    with tools.running("Install DjangoZoom"):
        uv = tools.find_uv(ROOT, pythons.everything())
        if not python:
            tools.say("No Python 3.11 or later here: fetching one (uv python install 3.13).")
            tools.run([uv, "python", "install", "3.13"])
            python = "3.13"
        tools.sync(uv, ROOT, VENV, python, dev)
    with open(stamp, "w") as file:
        file.write("%s %s" % (wanted, "dev" if dev else ""))
    tools.done("Install DjangoZoom", began, "")


def synced(stamp):
    try:
        with open(stamp) as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def fingerprint():
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


def go_on(given, arguments):
    python = os.path.join(VENV, "bin", "python")
    if COMMANDS[given] == "local":
        os.execv(python, [python, "-P", "-m", "dz.local", given, *arguments])
    if COMMANDS[given] == "steps":
        os.chdir(ROOT)
        os.execv(python, [python, os.path.join("bin", "steps.py"), given, *arguments])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        tools.say("Interrupted. The same command goes on from here.")
        sys.exit(130)
