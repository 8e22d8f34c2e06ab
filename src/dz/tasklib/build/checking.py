"""A look at a repository that changes nothing that runs: what is guessed of it, and why, is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dz.tasklib.build import demanded, downloading, interpreters
from dz.tasklib.build.opening import fetch_and_look, look_of, title_of, with_confirmed
from dz.tasklib.context import Context


def check_repo(ctx: Context) -> Mapping[str, Any]:
    """Check out, inspect, keep the guesses and the zoombuild.cfg that the primary ones make. Raises UserError where a
    deploy would find no Python for it either."""
    project = ctx.door.project()
    checkout, found = fetch_and_look(ctx, project, str(ctx.params.get("ref") or project.ref))
    ctx.midway()
    config = with_confirmed(found, project)
    ctx.door.save_guesses(found.guesses, config.text(), title_of(found))
    _see_a_python(ctx, config.python_version)
    return {
        "commit": checkout.commit,
        "subject": checkout.subject,
        "branch": checkout.branch,
        "look": look_of(project, checkout.commit),
        "messages": list(found.messages),
    }


def _see_a_python(ctx: Context, declared: str) -> None:
    """Nothing is downloaded for a look: what could be is as good as here."""
    demand = demanded.of(ctx.door, declared)
    found, _ = interpreters.of_host(ctx.settings, ctx.seams.sandbox)
    if not (downloading.allowed() and demand.missing(found)):
        chosen = demand.choose(found)
        if not chosen.exact:
            ctx.log.note(f"Python {chosen.interpreter.version}: {chosen.why}", level="warning")
