"""psql in a project's database, as the project's own role: this process becomes it.

The password goes by a file in memory, as libpq takes it; no argument, environment or disk ever holds it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import NoReturn

from dz.errors import UserError
from dz.local.services import Plan
from dz.log import Secret
from dz.names import InstanceId
from dz.run import check
from dz.seams.dbserver import Database
from dz.seams.dbserver.dumps import password_file, reach, tool_environment

ASK = "import sys, django; django.setup(); from dz2.databasefacts import reached; print(reached(sys.argv[1]))"


def psql(plan: Plan, name: str, words: Sequence[str]) -> NoReturn:
    """Raises UserError for a project that is none, or has no database here."""
    asked = check([plan.shared.python, "-c", ASK, name], deadline=60, env=plan.panel_env())
    found = json.loads(asked.output)
    if found is None:
        raise UserError("data.elsewhere", name=name)
    if "hint" in found:
        raise UserError("project.not-found", name=name, hint=found["hint"])
    password, server = Secret(found.pop("password")), InstanceId(found.pop("server"))
    database = Database(**found, server=server, password=password)
    program = str(plan.postgres.bin / "psql")
    with password_file(database) as fd:
        os.set_inheritable(fd, True)
        environment = {**os.environ, **tool_environment(fd), "PGAPPNAME": "psql"}
        os.execve(program, [program, *reach(database), *words], environment)  # noqa: S606  argv of ours
