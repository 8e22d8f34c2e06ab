"""A project's variables: versioned snapshots (Config), who set what, and what the code reads.

A name that could turn the platform's own start of a project into something else is refused, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from dz.errors import UserError
from dz.log import Secret
from dz.names import EnvName
from dz.tasklib.filled import asks_for_redis, is_known
from dz2 import vault
from dz2.advancing import hold
from dz2.asker import name_of
from dz2.models import Config, ConfigGuess, Project, ShownValue

# What a name would do → why it is refused. A value may hold line breaks; a name may not (EnvName).
REFUSED = (
    (r"LD_\w+", "it makes every program load other code first"),
    (r"PYTHON(PATH|HOME|STARTUP|INSPECT|BREAKPOINT|USERBASE|PLATLIBDIR)", "it changes what code Python loads"),
    (r"(PIP|UV|DZ|LISTEN|GUNICORN_CMD)_\w+", "it configures the platform's own tools"),
    (r"PATH|HOME|TMPDIR|IFS|BASH_ENV", "the sandbox sets it"),
    (r"DJANGO_SETTINGS_MODULE", "the settings module is chosen in the form, or by zoombuild.cfg"),
)
LOOKED_BACK = 100  # configs in which it is looked for who set a value
LONGEST = 100_000  # characters of a value
LARGEST, LARGEST_SUM = 128_000, 1_000_000  # bytes of a variable, and of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """``is_set``: it has a value of the project's own; else the platform may fill it in. ``needed``: the code reads it
    without a default. ``read_in``: places like ``shop/settings.py:42``."""

    name: str
    is_set: bool
    filled: bool
    needed: bool
    set_at: datetime | None = None
    who: str = ""
    version: int | None = None
    read_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a set of values would do to a config: names, sorted. ``missing``: in the config, not in the values."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def checked(name: str) -> EnvName:
    """Raises ``project.bad-variable`` or ``project.refused-variable``."""
    try:
        found = EnvName(name)
    except ValueError:
        raise UserError("project.bad-variable", name=repr(name[:80]), rule=EnvName.rule) from None
    if reason := _reserved(found):
        raise UserError("project.refused-variable", name=found, reason=reason)
    return found


def change(project: Project, values: Mapping[str, str], *, unset: Iterable[str] = (), by: Any = None) -> Config | None:
    """The next version of a project's config: today's with ``values`` over it, without ``unset``.

    Unchanged, it stays today's; None where there is none and nothing to set. Raises UserError.
    """
    for name, value in values.items():
        checked(name)
        if "\0" in value:
            raise UserError("project.bad-value", name=name)
    with transaction.atomic():
        hold(project)
        last = latest(project)
        today = {name: secret.reveal() for name, secret in opened(project, last).items()}
        gone = set(unset)
        if strangers := sorted(gone - today.keys()):
            raise _stranger(project, strangers[0])
        wanted = {name: value for name, value in (today | dict(values)).items() if name not in gone}
        _check_sizes(wanted)
        _leave_unset(project, but=values)
        if wanted == today:
            return last
        return Config.objects.create(
            project=project,
            version=last.version + 1 if last else 1,
            names=sorted(wanted),
            variables=vault.seal_variables(project.app_id, wanted),
            who=name_of(by),
        )


def leave_unset(project: Project, names: Collection[str]) -> None:
    """Ask no more for these: the project reads them, and a person knows that it does without. Until one has a value.

    Raises UserError project.variable-not-read for one that no check found, a slip of the pen."""
    known = {*project.left_unset, *_found(project)}
    with transaction.atomic():
        hold(project)
        if strangers := [name for name in names if name not in known]:
            raise UserError("project.variable-not-read", name=project.name, variable=strangers[0])
        _leave_unset(project, more=names)


def _check_sizes(variables: Mapping[str, str]) -> None:
    """Linux starts nothing with more (MAX_ARG_STRLEN, and a share of the stack for all)."""
    sizes = {name: len(f"{name}={value}".encode()) for name, value in variables.items()}
    for name, size in sizes.items():
        if size > LARGEST:
            raise UserError("project.large-value", name=name, size=size, most=LARGEST)
    if (total := sum(sizes.values())) > LARGEST_SUM:
        raise UserError("project.large-value", name="all together", size=total, most=LARGEST_SUM)


def preview(project: Project, values: Mapping[str, str]) -> Change:
    """What ``change`` would do. Raises UserError for a name that it would refuse."""
    today = opened(project, latest(project))
    found = Change(missing=sorted(today.keys() - values.keys()))
    for name in sorted(values):
        checked(name)
        kept = today.get(name)
        where = found.added if kept is None else found.same if kept.reveal() == values[name] else found.changed
        where.append(name)
    return found


def latest(project: Project | int) -> Config | None:
    return Config.objects.filter(project=project).order_by("-version").first()


def opened(project: Project, config: Config | None) -> dict[str, Secret]:
    """The variables of a config, decrypted."""
    return vault.unseal_variables(project.app_id, config.variables) if config else {}


def value_of(project: Project, name: str) -> Secret:
    """Today's value. Raises ``project.no-such-variable``."""
    found = opened(project, latest(project)).get(name)
    if found is None:
        raise _stranger(project, name)
    return found


def _stranger(project: Project, name: str) -> UserError:
    """Of a variable that the project does not have; quoted where it could be none."""
    shown = name if EnvName.pattern.fullmatch(name) else repr(name[:80])
    return UserError("project.no-such-variable", name=project.name, variable=shown)


def reveal(project: Project, name: str, *, by: Any) -> Secret:
    """Today's value for a person's eyes, which is written down for all to see. Raises ``project.no-such-variable``."""
    found = value_of(project, name)
    ShownValue.objects.create(project=project, name=name, who=name_of(by))
    return found


def listed(project: Project) -> list[Variable]:
    """Every variable that has a value or that the code reads, the needed ones without a value first."""
    reads, needed = _reads(project)
    origins = _origins(project)
    redis = asks_for_redis(project.build_config)
    found = []
    for name in sorted({*reads, *origins}):
        origin = origins.get(name)
        found.append(
            Variable(
                name=name,
                is_set=origin is not None,
                filled=origin is None and (is_known(name, redis=redis) or bool(_reserved(name))),
                needed=name in needed,
                set_at=origin.created_at if origin else None,
                who=origin.who if origin else "",
                version=origin.version if origin else None,
                read_in=tuple(reads.get(name, ())),
            )
        )
    return sorted(found, key=lambda one: (one.is_set or one.filled or not one.needed, one.name))


def _reserved(name: str) -> str:
    """Why a name is not a project's to set; "" if it is."""
    return next((reason for pattern, reason in REFUSED if re.fullmatch(pattern, name.upper())), "")


def _origins(project: Project) -> dict[str, Config]:
    """The config that brought each of today's values."""
    configs = list(project.configs.order_by("-version")[:LOOKED_BACK])
    if not configs:
        return {}
    today = {name: secret.reveal() for name, secret in opened(project, configs[0]).items()}
    found = dict.fromkeys(today, configs[0])
    still = set(today)
    for config in configs[1:]:
        then = opened(project, config)
        still = {name for name in still if name in then and then[name].reveal() == today[name]}
        found |= dict.fromkeys(still, config)
    return found


def _reads(project: Project) -> tuple[dict[str, list[str]], set[str]]:
    """Name → the places that read it, as the latest inspection found; and the names that are read without a default."""
    guesses = ConfigGuess.objects.filter(project=project, field="environment")
    last = guesses.order_by("-job").values_list("job", flat=True).first()
    reads: dict[str, list[str]] = {}
    needed: set[str] = set()
    for guess in guesses.filter(job=last).order_by("pk") if last else ():
        if guess.is_primary:
            needed |= set(guess.value.split())
        if not guess.is_primary or guess.value in needed:  # of one alone the primary is all that tells its place
            reads.setdefault(guess.value, []).append(guess.place)
    return {name: list(dict.fromkeys(places)) for name, places in reads.items()}, needed


def _found(project: Project) -> set[str]:
    """Every variable that the code read, in any check."""
    guesses = ConfigGuess.objects.filter(project=project, field__in=("environment", "environment_later"))
    return {name for value in guesses.values_list("value", flat=True) for name in value.split()}


def _leave_unset(project: Project, *, more: Iterable[str] = (), but: Iterable[str] = ()) -> None:
    """The project's row is held."""
    project.refresh_from_db(fields=["left_unset"])
    wanted = sorted({*project.left_unset, *more} - {*but})
    if wanted != project.left_unset:
        project.left_unset = wanted
        project.save(update_fields=["left_unset"])
