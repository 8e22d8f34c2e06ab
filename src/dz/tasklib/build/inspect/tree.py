"""A read-only view of a checkout: what files there are, and their text and syntax, under limits.

Promise: nothing outside of the root is read (links that lead out do not exist here), folders of other people's code
(virtualenvs, node_modules) are not entered, and any bytes become text somehow: by BOM, as UTF-8, or as guessed.
"""

from __future__ import annotations

import ast
import codecs
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from dz.tasklib.build.inspect.aliases import written_out

MOST_FILES = 60_000
DEEPEST = 14
MOST_INSTALLED = 400
LONGEST = 1024 * 1024  # bytes of one file
LONGEST_CODE = 400_000  # characters of a module whose syntax is looked at
USUAL = 1_000  # calls within one another, as Python has it
MOST_READ = 96 * 1024 * 1024  # bytes of all
_SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", "bower_components", "site-packages", "__pycache__", ".tox", ".nox", ".venv"}
)
# UTF-32 first: its little-endian BOM begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
VIRTUALENV = "pyvenv.cfg"  # in the folder of one
T = TypeVar("T")


class Tree:
    """Paths are strings relative to the root, with ``/``; ``files`` maps them to sizes, shallow ones first."""

    def __init__(self, root: Path, *, chosen: str = "") -> None:
        self.chosen = chosen  # the folder that a person named: the project lies there or below
        self.root = Path(os.path.realpath(root))
        self.messages: list[str] = []
        self.bytecode: set[str] = set()  # tags of committed .pyc files, like cpython-312
        self.installed: dict[str, str] = {}  # name → version: what a committed virtualenv has
        self._read = 0
        self._memory: dict[tuple[str, str], Any] = {}
        found: dict[str, int] = {}
        self._scan("", 0, found)
        self.files = dict(sorted(found.items(), key=lambda item: (item[0].count("/"), item[0])))
        self.folders = {str(parent) for path in self.files for parent in PurePosixPath(path).parents} - {"."} | {""}

    def _scan(self, folder: str, depth: int, found: dict[str, int]) -> None:
        for entry in sorted(os.scandir(self.root / folder), key=lambda e: e.name):
            if len(found) >= MOST_FILES:
                self.say(f"Only the first {MOST_FILES:,} files were looked at.")
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                path.encode()
            except UnicodeEncodeError:
                continue  # a name that is no text cannot be named in evidence either
            if entry.is_dir(follow_symlinks=False):
                if entry.name == "__pycache__":
                    self._note_bytecode(Path(entry.path))
                elif entry.name not in _SKIPPED and depth < DEEPEST and not Path(entry.path, VIRTUALENV).exists():
                    self._scan(path, depth + 1, found)
                else:
                    self._note_installed(Path(entry.path))
                    self._note_python(path, found)
            elif (size := self._size(entry)) is not None:
                found[path] = size

    def _size(self, entry: os.DirEntry[str]) -> int | None:
        """None for what is no regular file, or a link that leads out of the tree."""
        if entry.is_symlink():
            target = Path(os.path.realpath(entry.path))
            if target.is_relative_to(self.root):
                return target.stat().st_size if target.is_file() else None
            path = os.path.relpath(entry.path, self.root)
            self.say(f"{path} is a link out of the repository: nothing was looked for behind it.")
            return None
        return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else None

    def _note_bytecode(self, folder: Path) -> None:
        for name in sorted(one.name for one in folder.iterdir())[:50]:
            words = name.split(".")
            if len(words) > 2 and words[-1] == "pyc":
                self.bytecode.add(words[-2])

    def _note_installed(self, folder: Path) -> None:
        """Of site-packages, or of a virtualenv by its own folder."""
        for place in (folder, *folder.glob("[Ll]ib/site-packages"), *folder.glob("lib/python*/site-packages")):
            if place.name == "site-packages" and Path(os.path.realpath(place)).is_relative_to(self.root):
                for one in sorted(place.glob("*.dist-info"))[:MOST_INSTALLED]:
                    name, _, version = one.name.removesuffix(".dist-info").rpartition("-")
                    with suppress(InvalidVersion):  # a folder may be called anything
                        self.installed.setdefault(canonicalize_name(name), str(Version(version)))

    def _note_python(self, folder: str, found: dict[str, int]) -> None:
        """The one file of a committed virtualenv that is looked into."""
        inside = self.root / folder / VIRTUALENV
        if not inside.is_symlink() and inside.is_file():
            found[f"{folder}/{VIRTUALENV}"] = inside.stat().st_size

    def say(self, message: str) -> None:
        if message not in self.messages:
            self.messages.append(message)

    def remember(self, kind: str, key: str, make: Callable[[], T]) -> T:
        """``make()``, once per kind and key."""
        if (kind, key) not in self._memory:
            self._memory[kind, key] = make()
        kept: T = self._memory[kind, key]
        return kept

    def text(self, path: str) -> str:
        """The file as text; '' if there is none or it is too long."""
        return self.remember("text", path, lambda: self._text(path))

    def _text(self, path: str) -> str:
        size = self.files.get(path)
        if not size or size > LONGEST or self._read + size > MOST_READ:
            if size:
                self.say(f"{path} is too long and was not read.")
            return ""
        self._read += size
        try:
            raw = (self.root / path).read_bytes()[: LONGEST + 1]
        except OSError:
            return ""
        return decoded(raw).replace("\r\n", "\n")

    def line(self, path: str, number: int | None) -> str:
        """One line, stripped and capped, as an excerpt."""
        lines = self.remember("lines", path, lambda: self.text(path).split("\n"))
        return lines[number - 1].strip()[:200] if number is not None and 0 < number <= len(lines) else ""

    def syntax(self, path: str) -> ast.Module | None:
        """The parsed module; None if it is missing or is not Python 3."""
        return self.remember("syntax", path, lambda: _parsed(self.text(path)) if path in self.files else None)

    def named(self, *names: str) -> list[str]:
        """Every file with one of these names, shallow ones first."""
        index = self.remember("named", "", self._by_name)
        return sorted((path for name in names for path in index.get(name, ())), key=lambda p: (p.count("/"), p))

    def _by_name(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for path in self.files:
            index.setdefault(path.rsplit("/", 1)[-1], []).append(path)
        return index

    def python_with(self, *needles: str) -> list[str]:
        """Python files that hold one of the words, shallow ones first."""
        return [p for p in self.files if p.endswith(".py") and any(needle in self.text(p) for needle in needles)]

    def has(self, path: str) -> bool:
        return path in self.files

    def has_folder(self, path: str) -> bool:
        return path in self.folders


def decoded(raw: bytes) -> str:
    """Bytes of any origin as text."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw.decode(encoding, errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # rarely needed, and every process of the platform would hold it

        best = from_bytes(raw[: 64 * 1024]).best()
        return raw.decode(best.encoding if best else "latin-1", errors="replace")


@contextmanager
def recursion(limit: int) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _parsed(text: str) -> ast.Module | None:
    # The parser goes down C's own stack as far as Python's limit lets it.
    with recursion(USUAL), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad escapes in strings are the project's own business
        try:
            return written_out(ast.parse(text)) if len(text) < LONGEST_CODE else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def folder_of(path: str) -> str:
    """'' for a file in the root."""
    return path.rpartition("/")[0]


def join(*parts: str) -> str:
    """Parts as one relative path; '' parts vanish, '.' and '..' are resolved, never above the root."""
    out: list[str] = []
    for word in "/".join(parts).split("/"):
        if word == "..":
            out[-1:] = []
        elif word not in ("", "."):
            out.append(word)
    return "/".join(out)


def parents(folder: str) -> Iterable[str]:
    """The folder, then those above it, the root last."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""
