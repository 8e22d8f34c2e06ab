"""The first step of build_and_deploy: which commit, what the repository says of itself, and the release's number.

What was built before from the very same inputs is not fetched, inspected or built again: its bundle is the release's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dz
from dz.names import Commit
from dz.tasklib.bringing import store_of
from dz.tasklib.build import behind, catalogs, disk, git, layers
from dz.tasklib.build.inspect.runner import Inspection, ahead
from dz.tasklib.buildconfig import BuildConfig, from_guesses, merge, parse
from dz.tasklib.context import Context
from dz.tasklib.folders import Folders, fresh, passable, put
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.machine import platform_name
from dz.tasklib.records import Bundle, Project, Release

ROOT = "project_root"
ROOM = 200_000_000  # bytes that must be free before anything is fetched


def open_release(ctx: Context) -> Mapping[str, Any]:
    """Check out the wanted ref, inspect it, and freeze what was found into this job's release."""
    project = ctx.door.project()
    with ctx.part("Find the commit"):
        with behind.told_by_name(ctx, project):
            resolved = git.resolve(_remote(ctx, project), ref := str(ctx.params.get("ref") or project.ref))
        if ref == project.ref:
            resolved = behind.caught_up(ctx, project, resolved, _work(ctx, project) / "git")
        inputs = _inputs_of(ctx, project, resolved.commit)
        if before := None if ctx.params.get("rebuild") else built_before(ctx, project, inputs):
            return _same_again(ctx, *before, branch=resolved.branch)
    found = looked_before(ctx, project, resolved.commit)
    if found is None:
        checkout, found = fetch_and_look(ctx, project, ref, known=resolved)
    else:
        checkout = fetch(ctx, project, ref, known=resolved)
    config = with_confirmed(found, project)
    ctx.midway()
    ctx.door.save_guesses(found.guesses, config.text(), title_of(found))
    release = ctx.door.open_release(
        commit=checkout.commit, subject=checkout.subject, branch=checkout.branch, build_config=config.text()
    )
    ctx.log.note(f"release {release.number}: {checkout.branch or 'commit'} @ {checkout.commit[:7]} {checkout.subject}")
    if project.left_unset:
        ctx.log.note(f"left unset, as decided in the verification form: {', '.join(project.left_unset)}")
    return {
        "commit": checkout.commit,
        "subject": checkout.subject,
        "release": release.number,
        "inputs": inputs,
        "committed_at": checkout.committed_at,
    }


def _remote(ctx: Context, project: Project) -> git.Remote:
    return git.Remote(
        url=project.repo_url,
        work=_work(ctx, project) / "git",
        log=ctx.log,
        deadline=ctx.left(),
        key=project.deploy_key,
        file_urls=ctx.settings.file_urls,
        among_others=behind.is_pushed_to(ctx, project),
        stop=ctx.stop,
    )


def _inputs_of(ctx: Context, project: Project, commit: Commit) -> str:
    """What a bundle is made from: the commit, what a person confirmed, the variables that the build's trial runs with,
    and the versions of all that builds and runs it. Not in it: versions of dependencies that nothing pins, which is
    what ``rebuild`` is for."""
    kept = parse(project.build_config)
    confirmed = [f"{key}={kept.value(key)}" for key in sorted(project.confirmed)]
    builders = (dz.__version__, version("uv"), guest_folder(ctx.settings.home).name)
    return layers.key_of("bundle", commit, platform_name(), ctx.door.variables_mark(), *builders, *confirmed)


def built_before(ctx: Context, project: Project, inputs: str) -> tuple[Release, Bundle] | None:
    """Looked for in the store itself: what it has lost is made anew."""
    found = ctx.door.built_before(inputs)
    if found is None:
        return None
    store = store_of(ctx, project.app_id)
    lost = [layer for layer in found[1].layers if not store.has(layer.digest)]
    for layer in lost:
        ctx.door.layer_taken_back(layer.digest)
    return None if lost else found


def _same_again(ctx: Context, before: Release, bundle: Bundle, *, branch: str) -> Mapping[str, Any]:
    release = ctx.door.open_release(
        commit=bundle.commit,
        subject=before.subject,
        branch=branch,
        build_config=before.build_config,
        bundle=bundle.id,
    )
    ctx.log.note(f"release {release.number}: {branch or 'commit'} @ {bundle.commit[:7]} {before.subject}")
    ctx.log.note(f"nothing changed since release {before.number}: its bundle is used (--rebuild builds anew)")
    return {
        "commit": bundle.commit,
        "subject": before.subject,
        "release": release.number,
        "same_as": before.number,
    }


def fetch(ctx: Context, project: Project, ref: str, *, known: git.Resolved | None = None) -> git.Checkout:
    """The files of ``ref`` in the checkout folder of its commit, which is kept for the next steps on this host."""
    coming = _coming(ctx, project)
    checkout = _check_out(ctx, project, ref, coming, known)
    _keep(ctx, project, checkout, coming)
    return checkout


def fetch_and_look(
    ctx: Context, project: Project, ref: str, *, known: git.Resolved | None = None
) -> tuple[git.Checkout, Inspection]:
    """The same, and what the inspector finds there, which starts beside the checkout."""
    coming = _coming(ctx, project)
    ctx.log.note(f"the sandbox rung here is {ctx.seams.sandbox.rung}. {ctx.seams.sandbox.lacks}".rstrip())
    with ahead(ctx.seams.sandbox, coming, deadline=ctx.left(), chosen=_chosen(project), stop=ctx.stop) as begin:
        checkout = _check_out(ctx, project, ref, coming, known)
        try:
            with ctx.part("Inspect the project"):
                return checkout, begin(ctx.log)
        finally:
            _keep(ctx, project, checkout, coming)


def _coming(ctx: Context, project: Project) -> Path:
    """The empty folder that a checkout is made in."""
    work = _work(ctx, project)
    disk.require(work, ROOM, host=ctx.host)
    return fresh(work / f"src-{ctx.step_id}-{ctx.attempt}")


def _check_out(ctx: Context, project: Project, ref: str, into: Path, known: git.Resolved | None) -> git.Checkout:
    with ctx.part("Check out the code"), behind.told_by_name(ctx, project):
        found = git.checkout(_remote(ctx, project), ref, into, known=known)
    if found.untranslated:
        sandbox, names = ctx.seams.sandbox, found.untranslated
        catalogs.complete(sandbox, into, names, log=ctx.log, deadline=ctx.left(), stop=ctx.stop)
    return found


def _keep(ctx: Context, project: Project, checkout: git.Checkout, coming: Path) -> None:
    folder = Folders(ctx.settings.home).checkout(project.app_id, checkout.commit)
    passable(folder.parent)
    os.utime(coming)  # git may have taken long since it made the first file
    put(coming, folder)  # a commit's files never change
    os.utime(folder)


def _work(ctx: Context, project: Project) -> Path:
    folder = Folders(ctx.settings.home).build(project.app_id)
    passable(folder)
    return folder


def checked_out(ctx: Context, project: Project, commit: Commit) -> Path:
    """The checkout of that commit on this host, fetched again if another host had it; touched, so that it stays."""
    folder = Folders(ctx.settings.home).checkout(project.app_id, commit)
    try:
        os.utime(folder)
    except FileNotFoundError:
        fetch(ctx, project, commit)
    return folder


def looked_before(ctx: Context, project: Project, commit: Commit) -> Inspection | None:
    """What check_repo found in this very commit a moment ago, as a first deploy begins."""
    before = ctx.door.looked_at(look_of(project, commit))
    if before is None:
        return None
    for message in before[1]:
        ctx.log.note(message, level="warning")
    return Inspection(guesses=before[0], messages=before[1])


def look_of(project: Project, commit: Commit) -> str:
    """What an inspection depends on, as one hash."""
    return layers.key_of("look", commit, dz.__version__, _chosen(project))


def _chosen(project: Project) -> str:
    return parse(project.build_config).project_root if ROOT in project.confirmed else ""


def with_confirmed(found: Inspection, project: Project) -> BuildConfig:
    """What the repository says today, under what a person confirmed before; the folder that a person chose is where all
    of it was looked for."""
    config = from_guesses(found.guesses)
    if not project.build_config or not project.confirmed:
        return config
    kept = parse(project.build_config)
    return merge(config, {key: kept.value(key) for key in project.confirmed if key != ROOT})


def title_of(found: Inspection) -> str:
    """What the project calls itself."""
    return next((g.value for g in found.guesses if g.field == "title" and g.is_primary), "")
