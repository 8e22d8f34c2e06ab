"""A Program as the text of a supervisord include file. Pure; refuses what the file's syntax could misread.

supervisord reads ``%`` as an expansion, whitespace before ``;`` or ``#`` as the start of a comment, and splits
``command`` like a shell. The first is doubled, the last quoted; a comment or ``%(here)s`` inside a word of argv is
broken up by an empty quoted string, elsewhere refused; control characters are refused everywhere.
"""

from __future__ import annotations

import re
import shlex
from math import ceil

from dz.errors import PlatformError
from dz.seams.supervisor import BACKUPS, Program

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
# Where a comment would begin, and inside ``%(here)s``, which is replaced even where its ``%`` is doubled.
_BREAK = re.compile(r"(?<=\s)(?=[;#])|(?<=%)(?=\(here\)s)")
# A program that dies again and again waits 1, 2, 3 ... s between tries: twenty tries are three minutes and a half,
# enough for a database that restarts. Then it is fatal, which the next start (reconcile) ends.
TRIES = 20


def render(program: Program) -> str:
    """The include file. Raises PlatformError for a value that can't be written safely."""
    return "\n".join(
        (
            f"[program:{checked_name(program.name)}]",
            f"command={_command(program.argv)}",
            f"directory={_value(str(program.cwd))}",
            f"stdout_logfile={_value(str(program.log))}",
            "redirect_stderr=true",
            "stdout_logfile_maxbytes=5MB",
            f"stdout_logfile_backups={BACKUPS}",
            f"autorestart={'true' if program.start_again else 'false'}",
            f"startsecs={ceil(program.settles)}",
            f"startretries={TRIES if program.start_again else 0}",
            "stopsignal=TERM",
            f"stopwaitsecs={ceil(program.grace)}",
            "stopasgroup=true",
            "killasgroup=true",
            "",
        )
    )


def checked_name(name: str) -> str:
    """The name, if it can be a section and a file name. Raises PlatformError."""
    if _NAME.fullmatch(name) is None:
        raise PlatformError(f"not a program's name: {name[:80]!r}")
    return name


def _command(argv: tuple[str, ...]) -> str:
    if not argv:
        raise PlatformError("a program without a command")
    words = " ".join(shlex.quote(word) for word in argv)
    # Such a word is in single quotes: '' closes and opens them again.
    return _doubled(_BREAK.sub("''", words))


def _value(text: str) -> str:
    if _BREAK.search(text) or text != text.strip():
        raise PlatformError(f"supervisord can't take this path: {text[:200]!r}")
    return _doubled(text)


def _doubled(text: str) -> str:
    if _CONTROL.search(text):
        raise PlatformError(f"control characters in a program's definition: {text[:200]!r}")
    return text.replace("%", "%%")
