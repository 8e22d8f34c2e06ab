"""A look at a repository that changes nothing that runs: what is guessed of it, and why, is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.build.opening import fetch, look_at, look_of, title_of, with_confirmed
from dz.tasklib.context import Context


def check_repo(ctx: Context) -> Mapping[str, Any]:
    """Check out, inspect, keep the guesses and the zoombuild.cfg that the primary ones make."""
    project = ctx.door.project()
    with ctx.part("Check out the code"):
        checkout = fetch(ctx, project, str(ctx.params.get("ref") or project.ref))
    found = look_at(ctx, project, checkout.commit)
    ctx.midway()
    ctx.door.save_guesses(found.guesses, with_confirmed(found, project).text(), title_of(found))
    return {
        "commit": checkout.commit,
        "subject": checkout.subject,
        "branch": checkout.branch,
        "look": look_of(project, checkout.commit),
        "messages": list(found.messages),
    }
