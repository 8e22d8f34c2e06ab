"""How grave a line of a site's log is, by the prefixes that Python's servers, loggers and tracebacks write.

A site writes text, so this is a guess: a line without a word of its own has the level of what it continues (a line that
is indented, a traceback to its last line), else none.
"""

from __future__ import annotations

import re

LEVELS = ("debug", "info", "warning", "error", "critical")
_ALIASES = {"warn": "warning", "fatal": "critical", "err": "error"}
_WORDS = "DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL"
# A word of its own, in capitals, or in brackets or as a value where it is not: "ERROR shop.views: ...", "[error]".
_NAMED = re.compile(
    rf"(?<![\w/.?=&-])({_WORDS})(?![\w-])"
    rf"|[\[<(](?i:({_WORDS}|ERR))[\]>)]"
    rf"|\"?level(?:name)?\"?[=:] ?\"?(?i:({_WORDS}))\b"
)
_LOOKED_AT = 120  # characters: a level stands before the message
_ACCESS = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+ ([1-5])\d\d\b")
_TRACEBACK = re.compile(r"\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):")
_BETWEEN = ("During handling of the above", "The above exception was the direct cause")


def at_least(level: str) -> tuple[str, ...]:
    """That level and the graver ones; a line without a level counts as info."""
    found = LEVELS[LEVELS.index(level) :]
    return (*found, "") if "info" in found else found


class Levels:
    """One process's lines, told one after the other."""

    def __init__(self) -> None:
        self._before = ""
        self._traced = False  # within a traceback, up to the line that names the exception

    def of(self, line: str) -> str:
        """The line without colours. Returns one of LEVELS or ''."""
        self._before = self._level(line)
        return self._before

    def _level(self, line: str) -> str:
        if _TRACEBACK.match(line) or line.startswith(_BETWEEN):
            self._traced = not line.startswith(_BETWEEN)
            return "error"
        if line[:1].isspace() or not line:
            return self._before
        if self._traced:
            self._traced = False
            return "error"
        if access := _ACCESS.match(line):
            return "error" if access[1] == "5" else ""
        if named := _NAMED.search(line[:_LOOKED_AT]):
            word = str(named[named.lastindex or 0]).lower()
            return _ALIASES.get(word, word)
        return ""
