"""The first step of build_and_deploy: which commit, what the repository says of itself, and the release's number."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dz.names import Commit
from dz.tasklib.build import disk, git
from dz.tasklib.build.inspect.runner import Inspection, inspect
from dz.tasklib.buildconfig import BuildConfig, from_guesses, merge, parse
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, clear, passable
from dz.tasklib.records import Project

ROOM = 200_000_000  # bytes that must be free before anything is fetched


def open_release(ctx: Context) -> Mapping[str, Any]:
    """Check out the wanted ref, inspect it, and freeze what was found into this job's release."""
    project = ctx.door.project()
    with ctx.part("Check out the code"):
        checkout = fetch(ctx, project, str(ctx.params.get("ref") or project.ref))
    found = look_at(ctx, project, checkout.commit)
    config = with_confirmed(found, project)
    ctx.door.save_guesses(found.guesses, config.text(), title_of(found))
    release = ctx.door.open_release(
        commit=checkout.commit, subject=checkout.subject, branch=checkout.branch, build_config=config.text()
    )
    ctx.log.note(f"release {release.number}: {checkout.branch or 'commit'} @ {checkout.commit[:7]} {checkout.subject}")
    if project.left_unset:
        ctx.log.note(f"left unset, as decided in the verification form: {', '.join(project.left_unset)}")
    return {"commit": checkout.commit, "subject": checkout.subject, "release": release.number}


def fetch(ctx: Context, project: Project, ref: str) -> git.Checkout:
    """The files of ``ref`` in the checkout folder of its commit, which is kept for the next steps on this host."""
    folders = Folders(ctx.settings.home)
    work = folders.build(project.app_id)
    passable(work)
    disk.require(work, ROOM, host=ctx.host)
    coming = work / f"src-{ctx.step_id}-{ctx.attempt}"
    checkout = git.checkout(
        project.repo_url,
        ref,
        coming,
        log=ctx.log,
        deadline=ctx.left(),
        work=work / "git",
        key=project.deploy_key,
        file_urls=ctx.settings.file_urls,
        stop=ctx.stop,
    )
    _keep(coming, folders.checkout(project.app_id, checkout.commit))
    return checkout


def checked_out(ctx: Context, project: Project, commit: Commit) -> Path:
    """The checkout of that commit on this host, fetched again if another host had it; touched, so that it stays."""
    folder = Folders(ctx.settings.home).checkout(project.app_id, commit)
    try:
        os.utime(folder)
    except FileNotFoundError:
        fetch(ctx, project, commit)
    return folder


def look_at(ctx: Context, project: Project, commit: Commit) -> Inspection:
    """What the inspector finds in a checkout."""
    with ctx.part("Inspect the project"):
        return inspect(ctx.seams.sandbox, checked_out(ctx, project, commit), log=ctx.log, deadline=ctx.left(10))


def with_confirmed(found: Inspection, project: Project) -> BuildConfig:
    """What the repository says today, under what a person confirmed before."""
    config = from_guesses(found.guesses)
    if not project.build_config or not project.confirmed:
        return config
    kept = parse(project.build_config)
    return merge(config, {key: kept.value(key) for key in project.confirmed})


def title_of(found: Inspection) -> str:
    """What the project calls itself."""
    return next((g.value for g in found.guesses if g.field == "title" and g.is_primary), "")


def _keep(coming: Path, folder: Path) -> None:
    """A commit's files never change: where they are already, somebody may be reading them."""
    passable(folder.parent)
    os.utime(coming)  # git may have taken long since it made the first file
    if not folder.exists():
        with contextlib.suppress(OSError):
            coming.rename(folder)
    if coming.exists():
        os.utime(folder)
        clear(coming)
