"""Django's settings, read in processes of their own as every role does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.postgres import SRC


def django(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("DZ_")}
    env |= {"PYTHONPATH": str(SRC), "DJANGO_SETTINGS_MODULE": "dz2.settings", **extra}
    return subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_migrations_hold_every_change_of_the_models() -> None:
    done = django("-m", "django", "makemigrations", "--check", "--dry-run", DZ_ROLE="build")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("role, panel", [("build", False), ("", True)])
def test_a_worker_loads_the_models_and_not_the_panel(role: str, panel: bool) -> None:
    code = "import django, sys; django.setup(); print('ninja' in sys.modules or 'csp' in sys.modules)"
    done = django("-c", code, DZ_ROLE=role)
    assert done.stdout.strip() == str(panel), done.stderr


def test_without_a_database_url_the_first_use_says_so() -> None:
    code = "import django; django.setup(); from dz2.models import Job; Job.objects.count()"
    done = django("-c", code, DZ_ROLE="build")
    assert "ImproperlyConfigured" in done.stderr
