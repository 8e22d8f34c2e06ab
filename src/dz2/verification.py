"""The verification form as values: each setting with its evidence, what needs a person first, and what they decided.

Pure but for the rows it is given. A person decides what they change, and what the form asks them about (a choice
between values of which none is certain): those keys are confirmed, and no build changes them. The rest stays guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dz import words
from dz.errors import UserError
from dz.tasklib import buildconfig
from dz.tasklib.build.inspect.evidence import LISTS, NO_SETTINGS
from dz2.models import ConfigGuess

OTHER = "__other__"
LABELS = {
    "project_root": "Folder of the project",
    "python_version": "Python",
    "django_version": "Django",
    "settings_module": "Settings module",
    "wsgi_application": "WSGI application",
    "asgi_application": "ASGI application",
    "installer": "Installer",
    "requirements_files": "Dependencies from",
    "extras": "Extras and groups",
    "database_engines": "Database engines",
    "services": "Services",
    "front_ends": "Front ends",
    "processes": "Processes",
    "hooks": "After the build",
    "site_media_map": "Folders served by URL",
    "additional_python_path_dirs": "Python path",
    "base_python_package": "Base package",
    "static_files": "Static files",
    "static_url": "Static URL",
    "media_url": "Media URL",
    "media_files": "Uploaded files",
    "title": "Title",
}
LINES = (
    "additional_python_path_dirs",
    "site_media_map",
    "pip_reqs",
    "extras",
    "services",
    "front_ends",
    "processes",
    "hooks",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a field may have, with its evidence."""

    value: str
    confidence: float
    why: str
    file: str
    line: int | None
    excerpt: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(slots=True)
class Row:
    """One setting: what is chosen, what else there was. ``key`` is '' for what only informs."""

    name: str
    key: str
    value: str  # as the form shows it
    best: Choice
    others: list[Choice]
    confirmed: bool = False
    errors: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name.replace("_", " ").capitalize())

    @property
    def asked(self) -> bool:
        """Whether a person should choose; what has no other candidate is shown, not asked."""
        return not self.confirmed and self.best.confidence < words.CERTAIN and bool(self.choices)

    @property
    def sure(self) -> str:
        return "certain" if self.confirmed else words.certainty(self.best.confidence)

    @property
    def choices(self) -> list[Choice]:
        """Radio buttons, if there is a choice between whole values."""
        if not self.key or self.name in LISTS or not self.others:
            return []
        seen = {self.best.value: self.best}
        for one in self.others:
            seen.setdefault(one.value, one)
        return list(seen.values()) if len(seen) > 1 else []

    @property
    def is_other(self) -> bool:
        return all(self.value != one.value for one in self.choices)

    @property
    def lines(self) -> bool:
        return self.key in LINES


def rows(guesses: Iterable[ConfigGuess], config: buildconfig.BuildConfig, confirmed: Iterable[str]) -> list[Row]:
    """The settings that the guesses speak of: to choose, then to change, then to know; the least certain first."""
    by_field: dict[str, list[ConfigGuess]] = {}
    for guess in guesses:
        if guess.field not in NO_SETTINGS:
            by_field.setdefault(guess.field, []).append(guess)
    found = [_row(name, several, config, set(confirmed)) for name, several in by_field.items()]
    return sorted((row for row in found if row), key=lambda row: (not row.asked, not row.key, row.best.confidence))


def _row(name: str, guesses: list[ConfigGuess], config: buildconfig.BuildConfig, confirmed: set[str]) -> Row | None:
    ranked = sorted(guesses, key=lambda one: (not one.is_primary, -one.confidence))
    if not ranked[0].is_primary:
        return None
    best, *others = [_choice(one) for one in ranked]
    key = buildconfig.KEY_OF_FIELD.get(name, name)
    key = key if key in buildconfig.KEYS else ""
    value = config.value(key) if key else best.value
    return Row(name, key, value, best, others, key in confirmed)


def _choice(guess: ConfigGuess) -> Choice:
    return Choice(
        guess.value,
        guess.confidence,
        guess.basis_why,
        guess.basis_file,
        guess.basis_line,
        guess.basis_excerpt,
    )


@dataclass(slots=True)
class Variable:
    """One that the settings read without a default and that has no value yet."""

    name: str
    where: str
    excerpt: str
    why: str
    value: str = ""
    unset: bool = False  # a false alarm, or the project can do without
    error: str = ""


@dataclass(slots=True)
class Decided:
    """What a person sent: the keys they decided, the variables, the text of zoombuild.cfg if they changed it."""

    rows: list[Row]
    variables: list[Variable]
    text: str
    keys: dict[str, str] = field(default_factory=dict)
    text_error: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.text_error) or any(row.errors for row in self.rows) or any(one.error for one in self.variables)

    @property
    def values(self) -> dict[str, str]:
        return {one.name: one.value for one in self.variables if not one.unset}

    @property
    def unset(self) -> list[str]:
        return [one.name for one in self.variables if one.unset]


def decide(
    sent: Mapping[str, str], shown: list[Row], missing: Iterable[Mapping[str, Any]], config: buildconfig.BuildConfig
) -> Decided:
    """Take what was sent apart; errors stand beside their fields, and nothing that was typed is lost."""
    variables = [_variable(one, sent) for one in missing]
    decided = Decided(shown, variables, _text(sent.get("zoombuild", config.text())))
    decided.keys, decided.text_error = _from_text(decided.text, config)
    for row in shown:
        before, row.value = row.value, _sent_value(row, sent)
        if row.key and (row.value != before or (row.asked and row.key not in decided.keys)):
            decided.keys[row.key] = row.value
            row.errors = _wrong(row.key, row.value)
    return decided


def _variable(missing: Mapping[str, Any], sent: Mapping[str, str]) -> Variable:
    name = str(missing["name"])
    value, unset = _text(sent.get(f"env-{name}", "")), f"unset-{name}" in sent
    error = ""
    if not value and not unset:
        error = f"{name} has no value yet. Give it one, or leave it unset."
    elif value and unset:
        error = f"{name} has a value and is to be left unset: only one of the two can be."
    return Variable(name, str(missing["where"]), str(missing["excerpt"]), str(missing["why"]), value, unset, error)


def _sent_value(row: Row, sent: Mapping[str, str]) -> str:
    value = sent.get(row.name, row.value)
    if value == OTHER:
        value = sent.get(f"{row.name}-other", "")
    return _text(value).strip()


def _from_text(text: str, config: buildconfig.BuildConfig) -> tuple[dict[str, str], str]:
    """The keys that the text of zoombuild.cfg changes."""
    try:
        wanted = buildconfig.parse(text)
    except UserError as error:
        return {}, f"{error.brief} {error.next}"
    return {key: wanted.value(key) for key in buildconfig.KEYS if wanted.value(key) != config.value(key)}, ""


def _wrong(key: str, value: str) -> list[str]:
    try:
        buildconfig.merge(buildconfig.BuildConfig(), {key: value})
    except UserError as error:
        return [error.brief]
    return []


def _text(sent: str) -> str:
    return sent.replace("\r\n", "\n")
