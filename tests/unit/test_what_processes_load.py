"""Every process of the platform pays for each module that it loads, all day."""

import os
import subprocess
import sys

import pytest

from dz.unneeded import instead

PANEL = "import dz2.asgi, dz2.urls"
DISPATCHER = "import dz.tasks.dispatch; dz.tasks.dispatch.app.connection().transport"
WORKER = """
import contextlib, runpy, sys
sys.argv[1:] = ["worker", "--help"]
with contextlib.suppress(SystemExit):
    runpy.run_module("dz.tasks.celery", run_name="__main__")
import dz.tasks.sharing, dz.tasks.worker
dz.tasks.sharing.get_pdeathsig()
dz.tasks.worker.app.connection().transport
"""
# What draws colours on a terminal, a terminal toolkit, and a parser of C.
USELESS = ("rich", "pygments", "prompt_toolkit", "pycparser")


@pytest.mark.parametrize(
    ("code", "useless"),
    [
        (PANEL, (*USELESS, "django.test", "unittest", "obstore")),
        (DISPATCHER, (*USELESS, "cryptography.fernet", "redis.asyncio.client")),
        (WORKER, (*USELESS, "cryptography.fernet", "redis.asyncio.client")),
    ],
    ids=("panel", "dispatcher", "worker"),
)
def test_no_process_loads_what_it_never_needs(code, useless):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DZ_")}
    if code != PANEL:
        environment |= {"DZ_ROLE": "proxy", "DZ_BROKER_URL": "redis+socket://:password@/tmp/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('loaded:', *sorted(set({useless!r}) & set(sys.modules)))"],
        env={**environment, "DJANGO_SETTINGS_MODULE": "dz2.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["loaded:"]), done.stderr


def test_who_wants_the_real_one_later_finds_it():
    with instead({"__hello__": None}), pytest.raises(ImportError):
        import __hello__
    import __hello__

    assert __hello__.__spec__ is not None


def test_a_package_whose_folder_was_used_alone_is_found_whole_later():
    code = (
        "from dz.unneeded import *\n"
        "with instead({'redis.asyncio': folder_alone('redis.asyncio')}): import redis\n"
        "import redis.asyncio; print(redis.Redis.__module__, redis.asyncio.Redis.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["redis.client", "redis.asyncio.client"], done.stderr


def test_what_is_loaded_already_stays():
    with instead({"subprocess": None}):
        import subprocess as again

        assert again is subprocess
    assert sys.modules["subprocess"] is subprocess


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_rests_while_a_process_loads_and_is_then_as_it_was(collects: bool) -> None:
    ask = "import gc; from dz.unneeded import uncollected\n"
    ask += "" if collects else "gc.disable()\n"
    ask += (
        "with uncollected():\n    rests = not gc.isenabled()\nprint(rests, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert said == ["True", str(collects), str(collects)]
