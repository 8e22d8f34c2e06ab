"""Strings from outside become these types once, by ``fullmatch``; everything inside takes the types.

Each class is a ``str`` whose constructor refuses what does not match (``ValueError`` that names the rule).
``re.match("^...$")`` would accept a trailing newline, which is how names break out into config lines.
"""

from __future__ import annotations

import re
from typing import ClassVar, Self


class Name(str):
    """A checked string. Subclasses give the pattern, the longest length and how to say the rule."""

    pattern: ClassVar[re.Pattern[str]]
    longest: ClassVar[int] = 255
    rule: ClassVar[str] = ""

    def __new__(cls, value: str) -> Self:
        if not isinstance(value, str) or len(value) > cls.longest or cls.pattern.fullmatch(value) is None:
            raise ValueError(f"not {cls.rule}: {value[:80]!r}")
        return super().__new__(cls, value)


class AppId(Name):
    """The opaque id of a project: names its Unix user, database and files."""

    pattern = re.compile(r"p[0-9]{8}")
    rule = "an app id like p00000042"

    @classmethod
    def of(cls, number: int) -> Self:
        """The id of project row ``number``."""
        return cls(f"p{number:08d}")

    @property
    def number(self) -> int:
        return int(self[1:])


class ProjectName(Name):
    """What a user calls the project; also its first hostname label, so RFC 1123 rules it."""

    pattern = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
    rule = "a project name (a-z, 0-9 and -, at most 40, starting with a letter)"


class InstanceId(Name):
    """The name of one host of the network."""

    pattern = re.compile(r"[a-z][a-z0-9-]{0,38}")
    rule = "an instance id like app-1"


class HostName(Name):
    """A DNS name, lower case, without a port (RFC 1123)."""

    pattern = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
    longest = 253
    rule = "a host name"


class EnvName(Name):
    """The name of an environment variable (POSIX)."""

    pattern = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
    rule = "a variable name (letters, digits and _, no digit first)"


class Ref(Name):
    """A branch, tag or commit as git allows it, without what could be an option or a range."""

    pattern = re.compile(r"(?!-)(?!.*(\.\.|@\{|//|\.lock\Z))[A-Za-z0-9_][A-Za-z0-9._/+#@=-]{0,199}(?<![./])")
    longest = 200
    rule = "a branch, tag or commit"


class Commit(Name):
    """A full commit hash: SHA-1 or SHA-256."""

    pattern = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
    rule = "a full commit hash"


class ModuleName(Name):
    """A dotted Python module."""

    pattern = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
    rule = "a dotted module name"


class StaticUrl(Name):
    """The part of a site's addresses that the proxy serves from its own disk."""

    pattern = re.compile(r"/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)+")
    longest = 200
    rule = "a path like /static/ (letters, digits and ._~-)"


class Digest(Name):
    """The sha256 of a layer, in hex."""

    pattern = re.compile(r"[0-9a-f]{64}")
    rule = "a sha256 in hex"
