"""Administrators of projects' own admins: by a link that works once, whoever opens it chooses name and password.

The password is the input of the command that makes the administrator, in the live
release with the project's own user model; no row, argument or log has it. A try that came to nothing for certain leaves
the link as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dz import administrator
from dz.errors import UserError
from dz.terminal import STDERR, STDOUT
from dz2 import commands, links, releases, typist
from dz2.models import Job, OneTimeLink, Project

BY = "an administrator link"
MOST = 20  # fields that a page asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """``path``: of the project's admin; "" where it has no address."""

    name: str
    path: str


class Wanted(Exception):
    """The project's user model needs more than it was given. ``fields`` are its own names."""

    def __init__(self, fields: list[str]) -> None:
        self.fields = fields
        super().__init__(", ".join(fields))


def link(project: Project) -> tuple[str, OneTimeLink]:
    """A new one, and its URL. Raises ``release.none-live``, ``project.rests``."""
    releases.live(project)
    releases.refuse_resting(project)
    return links.make(project)


def is_secret(name: str) -> bool:
    """Whether a field of that name may hold a password: it is never asked for in the open, nor made an argument."""
    return "password" in name.lower()


def make(project: Project, found: OneTimeLink, fields: Mapping[str, str], password: str) -> Made | None:
    """None if the link is used or old by now. Raises Wanted; UserError where none was made, for whatever reason."""
    if not links.use(found):
        return None
    heard = typist.Heard()
    try:
        return _made(project, fields, password, heard)
    except BaseException:
        if heard.came_to_nothing:
            links.give_back(found)
        raise


def _made(project: Project, fields: Mapping[str, str], password: str, heard: typist.Heard) -> Made:
    command = ["admin", *(f"{name}={value}" for name, value in fields.items())]
    job = commands.run(project, command, attached=True, by=BY)
    typist.typed(job, f"{password}\n".encode(), heard)
    told = administrator.told(heard.text(STDOUT), "name", "wants", "lacks", "userless")
    if heard.code == 0 and "name" in told:
        return Made(name=str(told["name"]), path=administrator.path_of(told))
    if not heard.came_to_nothing:
        raise UserError("run.admin-unsure", name=project.name)
    wants = told.get("wants")
    more = [str(name) for name in wants if str(name).isidentifier()] if isinstance(wants, list) else []
    if asked := [name for name in more if not is_secret(name)]:
        raise Wanted(asked[:MOST])
    raise administrator.none_made(project.name, told, _why(job, heard))


def _why(job: Job, heard: typist.Heard) -> str:
    if heard.code is not None:
        return heard.text(STDERR).strip().rpartition("\n")[2][:300] or "the command failed."
    job.refresh_from_db()
    return str((job.error or {}).get("sentence") or "its appserver did not get to it in time.")
