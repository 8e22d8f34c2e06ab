"""The build config (``zoombuild.cfg``): the verified settings that a build runs from.

Promise: one parser and one writer of the INI text; ``parse(config.text()) == config`` for every config that can be
made; what is in a ``BuildConfig`` is checked (paths stay inside the repository, modules are module names), so that what
builds from it need not. Light: the inspector imports it inside the sandbox.
"""

from __future__ import annotations

import configparser
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dz.errors import UserError
from dz.names import ModuleName

if TYPE_CHECKING:
    from dz.tasklib.records import Guess

FILE = "zoombuild.cfg"
LONGEST = 64 * 1024
INSTALLERS = ("requirements", "uv", "poetry", "pipenv", "pdm", "setup", "groups", "none")
WITH_EXTRAS = ("uv", "setup", "groups")  # those whose file may have extras and groups to choose from
HOOKS = ("collectstatic", "migrate")
Pairs = tuple[tuple[str, str], ...]

# A guess goes to the key of its own name, but for these two.
KEY_OF_FIELD = {"settings_module": "django_settings_module", "requirements_files": "pip_reqs"}

_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{0,1000}")
_VERSION = re.compile(r"[0-9A-Za-z.,<>=!~^* +-]{0,100}")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_EXTRA = re.compile(r"(extra|group) [A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_URL = re.compile(r"/[A-Za-z0-9._~/-]*")
_COMMAND = re.compile(r"[a-z][a-z0-9_]{0,60}( .{1,200})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConfig:
    """Paths are relative to the repository, '' is its root. ``pip_reqs``, ``additional_python_path_dirs``,
    ``front_ends`` (folders with a package.json, '.' the root's, and folders of node_modules that Django serves) and
    ``site_media_map``'s folders too. ``extras``: what of ``pip_reqs`` is wanted beside what it plainly has. ``hooks``
    are management commands; ``processes`` pairs of name and command.

    Raises UserError ``repo.config-invalid`` for a value that cannot be.
    """

    project_root: str = ""
    django_settings_module: str = ""
    base_python_package: str = ""
    additional_python_path_dirs: tuple[str, ...] = ()
    site_media_map: Pairs = ()  # (folder, url)
    installer: str = "requirements"
    pip_reqs: tuple[str, ...] = ()
    extras: Pairs = ()  # (extra or group, its name)
    python_version: str = ""  # as declared: 3.12, 3.12.1, >=3.11
    wsgi_application: str = ""
    asgi_application: str = ""
    services: tuple[str, ...] = ()
    front_ends: tuple[str, ...] = ()
    processes: Pairs = ()
    hooks: tuple[str, ...] = HOOKS

    def __post_init__(self) -> None:
        for key, kind in _KINDS.items():
            for line in kind.lines(getattr(self, key)):
                if not (
                    _LINE.fullmatch(line) and line == line.strip() and line[:1] not in ("#", ";") and kind.fine(line)
                ):
                    raise UserError("repo.config-invalid", reason=f"{key} can't be {line[:80]!r}")

    def value(self, key: str) -> str:
        """One key as text, lists joined by newlines: what a form shows and ``merge`` takes."""
        return "\n".join(_KINDS[key].lines(getattr(self, key)))

    def text(self) -> str:
        """The file. Keys at their default are left out, so that a file says only what is decided."""
        out = ["[project]"]
        for key in KEYS:
            lines = _KINDS[key].lines(getattr(self, key))
            if getattr(self, key) == getattr(_DEFAULT, key):
                continue
            out += [f"{key} = {lines[0]}"] if len(lines) == 1 else [f"{key} =", *(f"    {line}" for line in lines)]
        return "\n".join(out) + "\n"


def parse(text: str) -> BuildConfig:
    """Raises UserError: an unknown key names the nearest one."""
    if len(text) > LONGEST:
        raise UserError("repo.config-invalid", reason=f"it is longer than {LONGEST // 1024} kB")
    parser = _parser()
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except configparser.Error as error:
        raise UserError("repo.config-invalid", reason=" ".join(str(error).split())[:300]) from None
    strange = [name for name in parser.sections() if name != "project"]
    if strange:
        raise UserError("repo.config-invalid", reason=f"its only section is [project], not [{strange[0][:40]}]")
    if not parser.has_section("project"):
        return BuildConfig()
    return merge(BuildConfig(), dict(parser["project"]))


def merge(config: BuildConfig, values: Mapping[str, str]) -> BuildConfig:
    """``config`` with ``values`` (text by key or by guess field) in place of its own. Raises UserError."""
    named = {KEY_OF_FIELD.get(name, name): value for name, value in values.items()}
    for key in named:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"It knows {', '.join(KEYS)}."
            raise UserError("repo.config-unknown-key", key=repr(key[:80]), hint=hint)
    return replace(config, **{key: _KINDS[key].read(value) for key, value in named.items()})


def from_guesses(guesses: Iterable[Guess]) -> BuildConfig:
    """The build config that the primary guesses make; a value that no config can hold is left at its default."""
    config = BuildConfig()
    for guess in guesses:
        key = KEY_OF_FIELD.get(guess.field, guess.field)
        if guess.is_primary and key in KEYS:
            try:
                config = merge(config, {key: guess.value})
            except UserError:
                continue  # said by the form: the field has evidence and no value
    return config


def is_extra(line: str) -> bool:
    """Whether that is ``extra NAME`` or ``group NAME``."""
    return _EXTRA.fullmatch(line) is not None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a key's value is read from text, told in lines again, and what one line may be."""

    read: Callable[[str], Any]
    lines: Callable[[Any], list[str]]
    fine: Callable[[str], object]


def _list(value: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in value.split("\n") if line.strip())


def _folders_and_urls(value: str) -> Pairs:
    return tuple(_pair(line, *line.rpartition(" ")[::2]) for line in _list(value))


def _extras(value: str) -> Pairs:
    return tuple(_pair(line, *line.partition(" ")[::2]) for line in _list(value))


def _names_and_commands(value: str) -> Pairs:
    return tuple(_pair(line, *line.partition(":")[::2]) for line in _list(value))


def _pair(line: str, first: str, second: str) -> tuple[str, str]:
    if not first.strip() or not second.strip():
        raise UserError("repo.config-invalid", reason=f"the line {line[:80]!r} needs two parts")
    return first.strip(), second.strip()


def _is_path(line: str) -> bool:
    return not line.startswith(("/", "-", "~")) and ".." not in line.split("/") and "\\" not in line


def _is_module(line: str) -> bool:
    try:
        return bool(ModuleName(line))
    except ValueError:
        return False


def _is_mapping(line: str) -> bool:
    folder, _, url = line.rpartition(" ")
    return _is_path(folder) and folder == folder.strip() and _URL.fullmatch(url) is not None and ".." not in url


def _is_process(line: str) -> bool:
    name, _, command = line.partition(": ")
    return _WORD.fullmatch(name) is not None and bool(command) and command == command.strip()


def _one(fine: Callable[[str], object]) -> _Kind:
    return _Kind(str.strip, lambda value: [value] if value else [], fine)


def _many(fine: Callable[[str], object]) -> _Kind:
    return _Kind(_list, list, fine)


_KINDS = {
    "project_root": _one(_is_path),
    "django_settings_module": _one(_is_module),
    "base_python_package": _one(_is_module),
    "additional_python_path_dirs": _many(_is_path),
    "site_media_map": _Kind(_folders_and_urls, lambda pairs: [" ".join(pair) for pair in pairs], _is_mapping),
    "installer": _one(INSTALLERS.__contains__),
    "pip_reqs": _many(_is_path),
    "extras": _Kind(_extras, lambda pairs: [" ".join(pair) for pair in pairs], is_extra),
    "python_version": _one(_VERSION.fullmatch),
    "wsgi_application": _one(_is_module),
    "asgi_application": _one(_is_module),
    "services": _many(_WORD.fullmatch),
    "front_ends": _many(_is_path),
    "processes": _Kind(_names_and_commands, lambda pairs: [": ".join(pair) for pair in pairs], _is_process),
    "hooks": _many(_COMMAND.fullmatch),
}
KEYS = tuple(_KINDS)
_DEFAULT = BuildConfig()


def _parser() -> configparser.ConfigParser:
    # No interpolation and no inline comments: a % or # in a value is itself.
    return configparser.ConfigParser(
        interpolation=None,
        delimiters=("=",),
        comment_prefixes=("#", ";"),
        default_section="",
        empty_lines_in_values=False,
    )
