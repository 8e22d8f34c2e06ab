"""An old Django with a driver that is newer than it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dz.run import check
from tests.contract.test_guest_manage import SHOP, database, database_environment
from tests.guests import Site, interpreters

LATEST = (
    "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder\n"
    "print(MigrationRecorder(connection).migration_qs.latest('applied').applied.tzinfo)"
)
__all__ = ["database"]  # a fixture


def test_times_come_back_from_a_driver_that_an_old_django_does_not_know(tmp_path: Path, database: str) -> None:
    base = max((one for one in interpreters() if (3, 7) <= one < (3, 10)), default=None)
    if base is None:
        pytest.skip("no Python from 3.7 to 3.9 here")
    check([interpreters()[base], "-m", "venv", "--without-pip", tmp_path / "env"], deadline=60)
    python, uv = tmp_path / "env/bin/python", Path(sys.executable).with_name("uv")
    check([uv, "pip", "install", "--python", python, "django==2.2.*", "psycopg2-binary==2.9.*"], deadline=200)
    files = {**SHOP, "site_settings.py": SHOP["site_settings.py"] + "USE_TZ = True\n"}
    made = Site.of(tmp_path, python, files)
    made.env = database_environment(database)
    assert made.manage("migrate", "--noinput").ok
    asked = made.guest("manage", "shell", "-c", LATEST)
    assert asked.ok and "UTC" in asked.text, asked.text
