"""What uv and pip said, as an error that its reader can act on. The only place that reads their prose."""

from __future__ import annotations

import re

from dz.errors import PlatformError, Transient, UserError
from dz.plain import plain

_BUILD = re.compile(r"Failed (?:to build|building wheel for) [`']?([A-Za-z0-9][A-Za-z0-9._-]*)")
_MISSING = re.compile(r"Because ([A-Za-z0-9._-]+) was not found in the package registry")
_VERSION = re.compile(
    r"there (?:is|are) (?:no versions?|only the following versions?) of ([\w.\[\]-]+)([=<>~!][^\s,]*)?"
)
_LIBRARY = (
    (re.compile(r"pg_config executable not found|pg_config is required"), "libpq-dev (pg_config)"),
    (re.compile(r"mysql_config(?:: | )not found|Can not find valid pkg-config name"), "libmysqlclient-dev"),
    (re.compile(r"fatal error: ([\w./-]+\.h): No such file"), ""),
    (re.compile(r"unable to execute '?\S*(?:gcc|cc)'?|No such file or directory: '\S*(?:gcc|cc)'"), "a C compiler"),
    (re.compile(r"[Cc]an't find Rust compiler|cargo, the Rust package manager, is not installed"), "a Rust compiler"),
    (re.compile(r"Package '?([\w.+-]+)'?,? (?:required by|was not found in the pkg-config)"), ""),
)
_SYNTAX = re.compile(r"Couldn't parse requirements?(?: in)? `([^`]+)`")
_FILE = re.compile(
    r"(?:File not found: |failed to read from file |Distribution not found at: )`?([^`\n]+?)`?(?:: |\n|$)"
)
_GIT = re.compile(r"^\s*fatal: (.+?)\.?$", re.MULTILINE)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|\(os error 28\)")
_FETCH = re.compile(r"Failed to fetch: `?(https?://[^/\s`]+)")
_UNREACHABLE = re.compile(r"error sending request|dns error|tcp connect error|operation timed out|Could not connect")


def failure(said: str, *, python: str) -> UserError | PlatformError:
    """The error for a resolution that failed."""
    text = plain(said)
    if full := _FULL.search(text):
        return PlatformError(f"the installer met: {full[0]}", id="platform.disk-full")
    if library := _library(text):
        what = _BUILD.search(text)
        return UserError("build.system-library", package=what[1] if what else "a package", library=library)
    if re.search("Git operation failed|failed to clone|git (fetch|clone)", text):
        said_by_git = _GIT.findall(text)
        return UserError("build.git-requirement", reason=said_by_git[-1][:600] if said_by_git else _cause(text))
    if built := _BUILD.search(text):
        return UserError("build.package-build-failed", package=built[1], python=python)
    if fetch := _FETCH.search(text):
        if _UNREACHABLE.search(text):
            return Transient(f"the package index {fetch[1]} can't be reached", id="build.index-unreachable")
        return UserError("build.package-not-fetched", index=fetch[1], reason=_cause(text))
    return _no_solution(text, python)


def _no_solution(text: str, python: str) -> UserError | PlatformError:
    reason = _cause(text)
    if missing := _MISSING.search(text):
        return UserError("build.package-not-found", package=missing[1])
    if "No solution found" in text:
        version = _VERSION.search(text)
        if version and "depends on" not in text:
            return UserError("build.version-not-found", wanted=version[1] + (version[2] or ""), python=python)
        return UserError("build.requirements-conflict", reason=reason)
    if parse := _SYNTAX.search(text):
        return UserError("build.requirements-syntax", file=parse[1], reason=reason, where=parse[1])
    if missing_file := _FILE.search(text):
        return UserError("build.requirements-missing", file=missing_file[1].removeprefix("file://"))
    if "lockfile" in text and ("needs to be updated" in text or "Unable to find lockfile" in text):
        return UserError("build.lock-stale", reason=reason)
    if "error: " not in text or "Failed to inspect Python interpreter" in text:
        return PlatformError(f"the resolver could not run: {text.strip()[-400:]}")
    return UserError("build.requirements-invalid", reason=reason)


def _library(text: str) -> str:
    for pattern, name in _LIBRARY:
        if match := pattern.search(text):
            return name or next(group for group in match.groups() if group)
    return ""


def _cause(text: str) -> str:
    """uv's own explanation in one line; its cause where it tells one."""
    lines = [line.strip() for line in text.splitlines()]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    found = (causes or errors or [line for line in lines if line] or ["uv said nothing"])[0]
    return found.removesuffix(".")[:600]
