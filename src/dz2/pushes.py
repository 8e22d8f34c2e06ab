"""Projects that are deployed from what is pushed to them: their source is a repository of the platform's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dz import pushed
from dz.errors import UserError
from dz2 import services
from dz2.accounts import panel
from dz2.models import Project

BRANCH = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """``url``: where to push; ``made``: the project is new."""

    project: Project
    url: str
    made: bool


def take(name: str, *, ref: str = "", replace: bool = False, owner: Any = None) -> Pushed:
    """The project of that name, made if there is none, takes pushes from now on; ``ref``: its branch, if it has none.

    Raises ``push.other-source`` for one that has another source, which only ``replace`` takes from it.
    """
    folder = panel().push_folder
    if folder is None:
        raise UserError("push.none-here")
    wanted, ref = services.checked_name(name), services.checked_ref(ref)
    with transaction.atomic():
        found = Project.objects.select_for_update(no_key=True).filter(name=wanted, destroyed_at=None).first()
        project = found or services.create("", wanted, exact=True, ref=ref, owner=owner)
        source = pushed.address(folder, project.app_id)  # made at the first push, by ``dz.push``
        if found and found.repo_url != source and not replace:
            raise UserError("push.other-source", name=wanted, url=found.repo_url)
        project.repo_url, project.ref = source, project.ref or ref or BRANCH
        project.save(update_fields=["repo_url", "ref"])
    return Pushed(project=project, url=url(project), made=found is None)


def url(project: Project) -> str:
    """Where to push a project that is deployed from there; "" for any other."""
    return f"{services.pushed_at()}{project.name}.git" if services.is_pushed_to(project) else ""
