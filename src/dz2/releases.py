"""A project's releases: which there are, what lies between two of them, and new ones of bundles that are there.

A rollback takes an old bundle with today's variables; it undoes no migration, so what lies between is told before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet

from dz.errors import UserError
from dz2 import configs, engine
from dz2.advancing import known
from dz2.models import Config, Job, Project, Release, ReleaseState


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What changes when ``to`` takes the place of ``live``. Commits are those that go (or come, if ``forward``);
    migrations those that the database has and ``to`` does not know: app, name, whether it can be undone."""

    live: Release
    to: Release
    forward: bool
    commits: Sequence[Release]
    packages: Mapping[str, tuple[str, str]]  # name → version now, version then; "" for none
    variables: Sequence[str]  # names whose value was another one in the config of ``to`` than it is today
    comes: Sequence[str]  # names whose value will be another one than it is in what is live
    migrations: Sequence[tuple[str, str, bool]]


def live(project: Project) -> Release:
    """Raises ``release.none-live``."""
    found = project.live_release()
    if found is None or found.bundle is None:
        raise UserError("release.none-live", name=project.name)
    return found


def rollable(project: Project, number: int) -> Release:
    """A release that was live once and whose bundle is still stored. Raises UserError."""
    found = _with_bundle(project).filter(number=number, live_at__isnull=False).first()
    if found is None:
        raise UserError("release.not-found", name=project.name, release=number)
    if not is_stored(found):
        raise UserError("release.pruned", name=project.name, release=number, commit=found.commit[:12])
    return found


def is_stored(release: Release) -> bool:
    """Whether every layer of its bundle is in the store."""
    return release.bundle is not None and not release.bundle.layers.filter(uploaded_at=None).exists()


def before(project: Project, *, with_config: bool = False) -> Release:
    """Where a rollback without a number goes: the last one that ran something else. Raises UserError."""
    now = live(project)
    older = _with_bundle(project).filter(state=ReleaseState.RETIRED, live_at__lt=now.live_at).order_by("-live_at")
    other = [one for one in older if not runs_as(one, now, with_config=with_config)]
    found = next((one for one in other if is_stored(one)), None)
    if found is None:
        raise UserError("release.no-older", name=project.name)
    return found


def runs_as(one: Release, now: Release, *, with_config: bool) -> bool:
    """Whether going to it would change nothing."""
    return one.bundle_id == now.bundle_id and not (with_config and one.config_id != now.config_id)


def between(project: Project, to: Release, *, with_config: bool = False) -> Between:
    """What a rollback to ``to`` would change. It takes today's variables, which what is live may run without: after a
    rollback ``with_config``, say."""
    now, today = live(project), configs.latest(project)
    made = _each_bundles_first(project)
    at = {one.bundle_id: place for place, one in enumerate(made)}
    low, high = sorted((at[now.bundle_id], at[to.bundle_id]))
    return Between(
        live=now,
        to=to,
        forward=at[to.bundle_id] > at[now.bundle_id],
        commits=_one_per_commit(made[low : high + 1]),
        packages=_changed_packages(now, to),
        variables=_changed_variables(project, today, to.config),
        comes=_changed_variables(project, now.config, to.config if with_config else today),
        migrations=_left_behind(now, to),
    )


def rollback(
    project: Project,
    number: int | None = None,
    *,
    with_config: bool = False,
    idempotency_key: str | None = None,
    by: Any = None,
) -> Job:
    """A new release of an old bundle. Raises UserError."""
    to = rollable(project, number) if number is not None else before(project, with_config=with_config)
    now = live(project)
    if runs_as(to, now, with_config=with_config):
        if to.config_id != now.config_id:
            raise UserError("release.same-code", name=project.name, release=to.number, live=now.number)
        raise UserError("release.is-live", name=project.name, release=to.number)
    params = {"release": to.number, "with_config": with_config, "why": f"Rollback to {to.number}"}
    return _accept("rollback", project, params, by, idempotency_key)


def restart(
    project: Project,
    *,
    why: str = "Restart",
    domains: Mapping[str, Sequence[str]] | None = None,
    by: Any = None,
    idempotency_key: str | None = None,
) -> Job:
    """The live bundle anew, without a request lost. ``domains``: which it brings or lets go (``dz2.domains``)."""
    live(project)
    params = {"why": why} | ({"domains": domains} if domains else {})
    return _accept("restart", project, params, by, idempotency_key)


def scale(project: Project, why: str, *, by: Any = None, idempotency_key: str | None = None) -> Job:
    """The live bundle with the project's formation of today. Raises ``release.none-live``."""
    live(project)
    return _accept("scale", project, {"why": why}, by, idempotency_key)


def reconfigure(project: Project, why: str, *, by: Any = None, idempotency_key: str | None = None) -> Job:
    """The live bundle with today's variables. Raises ``release.none-live``."""
    live(project)
    return _accept("config", project, {"why": why}, by, idempotency_key)


def refuse_resting(project: Project) -> None:
    """Raises ``project.rests``: what would run a project waits until somebody wakes it."""
    if project.deactivated_at is not None:
        raise UserError("project.rests", name=project.name)


def _accept(kind: str, project: Project, params: Mapping[str, Any], by: Any, idempotency_key: str | None) -> Job:
    refuse_resting(project)
    pipeline = known(None)[kind]
    return engine.accept(pipeline, project, params, by=by, idempotency_key=idempotency_key)


def _with_bundle(project: Project) -> QuerySet[Release]:
    return Release.objects.select_related("bundle", "config").filter(project=project, bundle__isnull=False)


def _each_bundles_first(project: Project) -> list[Release]:
    """The releases that brought their bundles to the visitors, in that order: the others of a bundle, as rollbacks are,
    brought nothing new."""
    ran = project.releases.filter(live_at__isnull=False, bundle__isnull=False)
    first = ran.order_by("bundle", "number").distinct("bundle")
    return sorted(first, key=lambda release: release.number)


def _one_per_commit(made: Sequence[Release]) -> list[Release]:
    """Those that brought another commit than the one before them, newest first; the first is where they begin."""
    return [one for before, one in pairwise(made) if one.commit != before.commit][::-1]


def _changed_packages(now: Release, to: Release) -> dict[str, tuple[str, str]]:
    ours, theirs = (_manifest(one).get("packages", {}) for one in (now, to))
    names = sorted({*ours, *theirs})
    return {name: (ours.get(name, ""), theirs.get(name, "")) for name in names if ours.get(name) != theirs.get(name)}


def _left_behind(now: Release, to: Release) -> list[tuple[str, str, bool]]:
    known_then = {(app, name) for app, name, _ in _manifest(to).get("migrations", ())}
    ours = _manifest(now).get("migrations", ())
    return [(app, name, undone) for app, name, undone in ours if (app, name) not in known_then]


def _manifest(release: Release) -> Mapping[str, Any]:
    return release.bundle.manifest if release.bundle else {}


def _changed_variables(project: Project, one: Config | None, other: Config | None) -> list[str]:
    if one == other:
        return []
    ours, theirs = configs.opened(project, one), configs.opened(project, other)
    names = sorted({*ours, *theirs})
    return [name for name in names if _value(ours, name) != _value(theirs, name)]


def _value(of: Mapping[str, Any], name: str) -> str | None:
    return of[name].reveal() if name in of else None
