"""Every process of the platform pays for each module that it loads, all day."""

import os
import subprocess
import sys

import pytest

# The panel, the dispatcher and what every worker loads.
LOADED = ("dz2.asgi", "dz.tasks.dispatch", "dz.tasks.worker")
# What draws coloured tracebacks on a terminal, and a terminal toolkit.
USELESS = ("rich", "pygments", "prompt_toolkit")


@pytest.mark.parametrize("module", LOADED)
def test_no_process_loads_what_only_a_terminal_needs(module):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DZ_")}
    role = {} if module == "dz2.asgi" else {"DZ_ROLE": "proxy"}
    code = f"import sys, {module}; print(*sorted(set({USELESS!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, **role, "DJANGO_SETTINGS_MODULE": "dz2.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
