"""The guest under real interpreters: the oldest and the newest found, each with a Django of its time.

Environments are made once per machine and kept in the temporary folder; a lock makes that safe for parallel tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dz.run import Finished, check, run
from dz.tasklib.build import verdict

GUEST = Path(__file__).resolve().parent.parent / "src" / "dz" / "guest" / "main.py"

# What a Python of that version or later gets, the first that fits.
OF_THEIR_TIME = (
    ((3, 10), ("django==4.2.*", "psycopg2-binary", "gunicorn", "uvicorn")),
    ((3, 8), ("django==3.2.*", "psycopg2-binary", "gunicorn", "uvicorn")),
    ((3, 6), ("django==1.11.29", "psycopg2-binary<2.9", "gunicorn<20", "setuptools<60")),
)
NEWEST = ("psycopg[binary]<3.4", "gunicorn<28", "uvicorn<0.55", "whitenoise", "python-decouple", "django-environ")
NEWEST += ("django-configurations",)


@cache
def interpreters() -> dict[tuple[int, int], Path]:
    """Every Python from 3.6 on this machine that starts, by its version."""
    candidates = [Path(sys.executable), *Path("/usr/bin").glob("python3.*"), *Path("/usr/local/bin").glob("python3.*")]
    candidates += Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin/python")
    found = {}
    for path in candidates:
        if not re.fullmatch(r"python[\d.]*", path.name):
            continue
        told = run(
            [path, "-c", "import sys, ssl, venv; print('%d.%d' % sys.version_info[:2])"], deadline=30
        ).text.strip()
        version = tuple(int(part) for part in told.split(".")) if re.fullmatch(r"3\.\d+", told) else (0, 0)
        if (3, 6) <= version <= (3, 14):
            found[version[0], version[1]] = path
    return found


@cache
def environment(name: str) -> Path:
    """The Python of an environment: ``oldest``, ``newest`` (Django 5.2) or ``latest`` (the newest Django there is)."""
    version = min(interpreters()) if name == "oldest" else max(interpreters())
    if name == "oldest":
        wants = next(wants for since, wants in OF_THEIR_TIME if version >= since)
    else:
        wants = ("django==5.2.*" if name == "newest" else "django>=5.2,<6.2", *NEWEST)
    base = interpreters()[version]
    key = hashlib.sha256(repr((str(base), wants)).encode()).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"dz-test-envs-{os.getuid()}"
    home.mkdir(mode=0o755, exist_ok=True)
    folder, done = home / key, home / f"{key}.done"
    with (home / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            check([base, "-m", "venv", "--without-pip", folder], deadline=60)
            index = {key: value for key, value in os.environ.items() if key.startswith(("UV_", "PIP_", "SSL_"))}
            uv = Path(sys.executable).with_name("uv")
            check([uv, "pip", "install", "--prefix", folder, "--python", base, *wants], deadline=200, env=index)
            done.touch()
    return folder / "bin" / "python"


def django_of(python: Path) -> tuple[int, int]:
    text = check([python, "-c", "import django; print('%d.%d' % django.VERSION[:2])"], deadline=30).text
    major, minor = text.strip().split(".")
    return int(major), int(minor)


SETTINGS = """
SECRET_KEY = "x" * 50
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "peek"]
"""
PEEK = """
import json
from django.conf import settings
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    requires_system_checks = False if __import__("django").VERSION < (3, 2) else []

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="+")

    def handle(self, *args, **options):
        print("PEEK" + json.dumps({name: getattr(settings, name, None) for name in options["names"]}, default=str))
"""
URLS = """
from django.http import HttpResponse
try:
    from django.urls import re_path
except ImportError:
    from django.conf.urls import url as re_path
urlpatterns = [re_path("^$", lambda request: HttpResponse("hello"))]
"""


@dataclass
class Site:
    """A small generated project and a guest run on it."""

    root: Path
    python: Path
    spec: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path, python: Path, files: Mapping[str, str], **spec: Any) -> Site:
        """``files`` over the smallest project; ``spec`` over its spec."""
        whole = {
            "site_settings.py": SETTINGS,
            "site_urls.py": URLS,
            "peek/__init__.py": "",
            "peek/management/__init__.py": "",
            "peek/management/commands/__init__.py": "",
            "peek/management/commands/peek.py": PEEK,
            **files,
        }
        for name, text in whole.items():
            file = root / "code" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        given = {
            "project_root": str(root / "code"),
            "settings_module": "site_settings",
            "hosts": ["shop.localhost"],
            "scheme": "http",
            "port": 8800,
            "static_root": str(root / "static"),
            "media_root": str(root / "media"),
        }
        return cls(root, python, given | spec)

    @property
    def code(self) -> Path:
        return self.root / "code"

    def prepare(self, **extra: str) -> dict[str, str]:
        """Write the spec; the environment in which the guest is to run."""
        path = self.root / "spec.json"
        path.write_text(json.dumps(self.spec))
        return {"DZ_GUEST_SPEC": str(path), "PYTHONDONTWRITEBYTECODE": "1", **self.env, **extra}

    def guest(self, *words: str, **extra: str) -> Finished:
        argv = [self.python, GUEST, *words]
        return run(argv, deadline=100, env=self.prepare(**extra), keep=verdict.KEEP, cwd=self.root)

    def peek(self, *names: str) -> dict[str, Any]:
        """The effective settings of those names."""
        finished = self.guest("manage", "peek", *names)
        assert finished.ok, finished.text
        return json.loads(finished.text.partition("PEEK")[2].splitlines()[0])

    def probe(self, settings: list[str], wsgi: tuple[str, ...] = (), asgi: tuple[str, ...] = ()) -> verdict.ProbeResult:
        """Raises UserError as a build would."""
        self.spec["candidates"] = {"settings": settings, "wsgi": list(wsgi), "asgi": list(asgi)}
        marker = secrets.token_hex(16)
        return verdict.probe_result(self.guest("probe", marker).output, marker, self.code)

    def manage(self, *words: str) -> verdict.HookResult:
        marker = secrets.token_hex(16)
        finished = self.guest("manage", *words, DZ_GUEST_MARKER=marker)
        result = verdict.hook_result(finished.output, marker)
        assert result.ok == finished.ok, finished.text
        return result


everywhere = pytest.mark.parametrize("name", ["oldest", "newest"])
