"""uv, and what bin/bootstrap.py says. Standard library only, Python 3.8 or later.

Package indexes are the operator's: uv's and pip's settings and environment are taken as they are.
"""

import configparser
import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time

NO_UV = (
    "DjangoZoom is installed by uv, and none of the Pythons here can fetch it (no pip, no venv).\n"
    "Install one of these packages, then run this again: python3-pip, python3-venv, uv."
)


def say(text):
    sys.stderr.write(clear() + text + "\n")
    sys.stderr.flush()


def clear():
    """What takes a running line away; nothing in a pipe."""
    return "\r\x1b[K" if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else ""


@contextlib.contextmanager
def running(title):
    """While it lasts a terminal shows the title and its seconds; nothing of that stays."""
    began, over = time.time(), threading.Event()

    def tick():
        while clear() and not over.wait(0.2):
            sys.stderr.write("%s ● %-24s %5.0f s" % (clear(), title, time.time() - began))
            sys.stderr.flush()

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield
    finally:
        over.set()
        ticking.join()
        sys.stderr.write(clear())
        sys.stderr.flush()


def done(title, began, detail):
    say(" ✓ %-24s %5.1f s   %s" % (title, time.time() - began, detail))


def run(argv, **options):
    """Run it, its output only shown if it fails; a failure ends the program."""
    finished = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if finished.returncode:
        text = finished.stdout.decode(errors="replace")
        sys.exit("%s\n ✗ %s failed. %s" % (text[-3000:], " ".join(argv[:3]), hint(text)))
    return finished.stdout.decode(errors="replace")


def hint(text):
    """The next thing to do, as far as the output tells."""
    if re.search(r"certificate|SSL", text, re.I):
        return (
            "A certificate is not known here. If this machine's own store knows it, set UV_SYSTEM_CERTS=1; "
            "else SSL_CERT_FILE to your authority's file."
        )
    if re.search(r"connect|resolve|timed out|dns", text, re.I):
        return "The package index can't be reached: set UV_DEFAULT_INDEX (or PIP_INDEX_URL) to yours, or HTTPS_PROXY."
    return ""


def locked_version(root, name):
    with open(os.path.join(root, "uv.lock")) as file:
        found = re.search(r'\[\[package\]\]\nname = "%s"\nversion = "([^"]+)"' % name, file.read())
    return found.group(1)


def find_uv(root, pythons):
    """A uv of the locked version: on PATH, fetched before, or fetched now by the first pip that is found."""
    wanted = locked_version(root, "uv")
    folder = os.path.join(root, ".dz", "uv-%s" % wanted)
    own = os.path.join(folder, "bin", "uv")
    for path in (shutil.which("uv"), own):
        if path and uv_version(path) == wanted:
            return path
    for python in pythons:
        if fetched(python, folder, wanted) and uv_version(own) == wanted:
            return own
    sys.exit(NO_UV)


def uv_version(path):
    try:
        text = subprocess.run(
            [path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        ).stdout
    except OSError:
        return ""
    return [*text.decode().split(), "", ""][1]


def fetched(python, folder, version):
    """Whether this interpreter's pip, or that of a virtualenv it can make, got uv."""
    pip = [python, "-m", "pip"]
    if quiet([*pip, "--version"]):
        venv = folder + "-pip"
        if quiet([python, "-m", "venv", venv]):
            return False
        pip = [os.path.join(venv, "bin", "python"), "-m", "pip"]
    return not quiet([*pip, "install", "--quiet", "--no-deps", "--upgrade", "--target", folder, "uv==" + version])


def quiet(argv):
    """The exit code."""
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def sync(uv, root, venv, python, dev):
    """.venv as uv.lock says; through the operator's own index, by the same hashes, if one is set."""
    groups = ["--group", "dev"] if dev else []
    env = dict(os.environ, UV_PROJECT_ENVIRONMENT=venv)
    env.setdefault("UV_HTTP_TIMEOUT", "120")
    chosen = ["--frozen", "--no-install-project" if not own_index() else "--no-emit-project", "--extra", "embedded"]
    if not own_index():
        run([uv, "sync", *chosen, *groups, "--python", python], cwd=root, env=env)
    else:
        text = run([uv, "export", "--quiet", *chosen, *groups, "--python", python], cwd=root, env=env)
        listed = os.path.join(root, ".dz", "requirements.txt")
        os.makedirs(os.path.dirname(listed), exist_ok=True)
        with open(listed, "w") as file:
            file.write(text)
        run([uv, "venv", "--quiet", "--allow-existing", "--python", python, venv], cwd=root, env=env)
        env.setdefault("UV_DEFAULT_INDEX", own_index())
        run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", venv, listed], cwd=root, env=env)
    source_path(root, venv)


def source_path(root, venv):
    """The clone's own source on the virtualenv's path: no build, no build backend to fetch."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    python = os.path.join(venv, "bin", "python")
    packages = run([python, "-c", code]).strip()
    with open(os.path.join(packages, "djangozoom.pth"), "w") as file:
        file.write(os.path.join(root, "src") + "\n")
    command = os.path.join(venv, "bin", "dz")
    with open(command, "w") as file:
        file.write("#!%s\nimport sys\n\nfrom dz.cli import main\n\nsys.exit(main())\n" % python)
    os.chmod(command, 0o755)


def own_index():
    """The index that the operator set for uv or pip; "" for PyPI."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    files = ["/etc/pip.conf", "/etc/xdg/pip/pip.conf", os.path.join(home, ".pip/pip.conf")]
    files += [os.path.join(config, "pip/pip.conf"), os.environ.get("PIP_CONFIG_FILE") or os.devnull]
    parser = configparser.RawConfigParser()
    try:
        parser.read(files)
    except configparser.Error:
        return ""
    for section in ("install", "global"):
        if parser.has_option(section, "index-url"):
            return parser.get(section, "index-url")
    return ""
