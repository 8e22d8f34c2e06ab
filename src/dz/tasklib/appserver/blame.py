"""What a program's own log says went wrong: the exception, and the place in the user's code."""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass

from dz.plain import plain

_FRAME = re.compile(
    r'^[ \t]*File "([^"\n]{1,400})", line ([0-9]{1,7})(?:, in [^\n]*)?\n(?:[ \t]+(?![ \t]|File ")([^\n]*))?',
    re.MULTILINE,
)
_ERROR = re.compile(
    r"^([A-Za-z_][\w.]{0,120}(?:Error|Exception|ImproperlyConfigured|Exit|DoesNotExist|Warning))(?::[ ]?([^\n]*))?$"
)
# What an exception says of a variable without a value, and which do: as dz_guest/errors.py reads it while the platform
# looks on. That one imports nothing of ours; a contract test holds the two to each other.
_NAME = r"[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?"
TOLD = (
    re.compile(_NAME + r" not found\. Declare it"),  # decouple
    re.compile(r"(?i)environment variable:? " + _NAME + r" (?:is )?(?:not set|missing|required|not found)"),
    re.compile(r"(?i)\bset (?:the |required )*" + _NAME + r" (?:env\b|environment|variable)"),  # environ, helpers
    re.compile(_NAME + r" environment variable"),
)
TELLERS = ("UndefinedValueError", "ImproperlyConfigured", "EnvError", "KeyError", "ValueError")
_OF_ENVIRON = re.compile(_NAME)
_FOREIGN = re.compile(r"/(site-packages|dist-packages|lib/python3\.[0-9]+|guest)/|^<")
_OURS = re.compile(r"/guest/[0-9a-f]{16}/|/dz_guest/")
_OF_PYTHON = re.compile(r"^<frozen |/lib/python3\.[0-9]+/(?!(?:site|dist)-packages/)")
_IMPORTS = re.compile(r'File "(?:<frozen importlib|[^"\n]{0,400}/importlib/__init__\.py)')
_THEIRS = (ImportError, SyntaxError, OSError, MemoryError, RecursionError)
_ENDED = re.compile(r"ended: (?:exit|signal) \d+")  # dz_guest/work.py's own, below the program's
_PACKAGES = re.compile(r".*/(?:site|dist)-packages/")


@dataclass(frozen=True, slots=True)
class Blame:
    """``error`` like "NameError: name 'x' is not defined", ``where`` like "shop/urls.py:3 import nothing"; or ""."""

    error: str = ""
    where: str = ""
    ours: str = ""  # the place in the platform's own code, where that failed and nothing of the project led there

    @property
    def variable(self) -> str:
        """The environment variable without which that line fails; "" for another error."""
        kind, _, said = self.error.partition(": ")
        if kind.rpartition(".")[2] not in TELLERS:
            return ""
        of_environ = [_OF_ENVIRON.fullmatch(said)] if kind == "KeyError" and "environ[" in self.where else []
        found = [one[1] for one in (*of_environ, *(pattern.search(said) for pattern in TOLD)) if one]
        return next((name for name in found if name in self.where), "")


def blame(text: str, *, root: str = "") -> Blame:
    """Read the last traceback in ``text`` with a frame of the project's own (a server that gives up may add one of its
    own below), else the last. Frames of installed packages are passed over where there is one, ours always; paths
    are told relative to ``root``, or to where packages lie."""
    tracebacks = _tracebacks(plain(text))
    chosen = next((one for one in reversed(tracebacks) if _own(one)), tracebacks[-1])
    places = _own(chosen) or [frame for frame in _FRAME.finditer(chosen) if not _OURS.search(frame[1])]
    where = _told(places[-1], root) if places else ""
    return Blame(error=_last_error(chosen), where=where, ours=_place_of_ours(chosen))


def last_words(text: str, *, root: str = "") -> str:
    """Why a program ended, by its log: its error with the place, else the last line that it wrote, as one does that
    tells its user what is wrong; "" where it wrote nothing."""
    found = blame(text, root=root)
    if found.error:
        return f"{found.error} ({found.where})" if found.where else found.error
    lines = [line.strip() for line in plain(text).splitlines()]
    return next((line[:300].rstrip(".") for line in reversed(lines) if line and not _ENDED.fullmatch(line)), "")


def failed_again(text: str) -> bool:
    """Whether a program failed by the same exception more than twice, as one does whose workers are started again."""
    told = [_last_error(one) for one in _tracebacks(plain(text))]
    return bool(told[-1]) and told.count(told[-1]) > 2


def _place_of_ours(traceback: str) -> str:
    """As ``_ours`` of dz_guest/errors.py tells it."""
    kind = getattr(builtins, _last_error(traceback).partition(":")[0], None)
    frames = [frame for frame in _FRAME.finditer(traceback) if not _OF_PYTHON.search(frame[1])]
    if _own(traceback) or not frames or not _OURS.search(frames[-1][1]) or _IMPORTS.search(traceback, frames[-1].end()):
        return ""
    if not isinstance(kind, type) or issubclass(kind, _THEIRS):
        return ""
    return f"dz_guest/{frames[-1][1].rpartition('/')[2]}:{frames[-1][2]} {(frames[-1][3] or '').strip()}"


def _tracebacks(text: str) -> list[str]:
    """Each from its first line to the next one's; the whole text if there is none."""
    begins = [found.start() for found in re.finditer(r"Traceback \(most recent call last\):", text)]
    if not begins:
        return [text]
    return [text[begin:end] for begin, end in zip(begins, [*begins[1:], len(text)], strict=True)]


def _own(traceback: str) -> list[re.Match[str]]:
    return [frame for frame in _FRAME.finditer(traceback) if not _FOREIGN.search(frame[1])]


def _last_error(text: str) -> str:
    for line in reversed(text.splitlines()):
        match = _ERROR.match(line.strip())
        if match:
            return line.strip()[:300].rstrip(".")  # it is told within a sentence
    return ""


def _told(frame: re.Match[str], root: str) -> str:
    path = _PACKAGES.sub("", frame[1])
    if root and path.startswith(f"{root.rstrip('/')}/"):
        path = path[len(root.rstrip("/")) + 1 :]
    return f"{path}:{frame[2]} {(frame[3] or '').strip()}".strip()
