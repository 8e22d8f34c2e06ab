"""What uv and pip said, as an error that its reader can act on. What of it is not told but helped, ``bench`` and
``relaxing`` know."""

from __future__ import annotations

import re
from collections.abc import Collection

from dz.errors import PlatformError, Transient, UserError
from dz.plain import plain

# Of what could not be built; with its version, where it is told.
_BUILD = re.compile(r"Failed (?:to build|building wheel for) [`']?([A-Za-z0-9][A-Za-z0-9._-]*)(==[\w.!+-]+)?")
_INVALID = re.compile(r"Requested ([A-Za-z0-9][A-Za-z0-9._-]*)(==[\w.!+-]+)? from .{0,2000} has invalid metadata")
# pip of the old Pythons, which takes a failed build for a release that is not there.
_DISCARDED = re.compile(r"^ERROR: No matching distribution found for ([A-Za-z0-9._-]+?)(==[\w.!+-]+)?$", re.MULTILINE)
_OTHER_NAME = re.compile(r"metadata for package ([A-Za-z0-9._-]+) produced metadata for project name")  # pip's
_METADATA = re.compile(r"while generating package metadata\.\n.*> ([A-Za-z0-9][\w.-]*)$", re.MULTILINE)  # pip's
_BUILDS = (_BUILD, _DISCARDED, _INVALID, _OTHER_NAME, _METADATA)
_MISSING = re.compile(r"Because ([A-Za-z0-9._-]+) was not found in the package registry")
_VERSION = re.compile(
    r"(?:there (?:is|are) (?:no versions?|only the following versions?)|only the following versions?) of"
    r" ([\w.\[\]-]+)([=<>~!][^\s,]*)?"
)
_LIBRARY = (
    (re.compile(r"pg_config executable not found|pg_config is required"), "libpq-dev (pg_config)"),
    (re.compile(r"mysql_config(?:: | )not found|Can not find valid pkg-config name"), "libmysqlclient-dev"),
    (re.compile(r"gdal-config"), "libgdal-dev (gdal-config)"),
    (re.compile(r"fatal error: ([\w./-]+\.h): No such file"), ""),
    (re.compile(r"unable to execute '?\S*(?:gcc|cc)'?|No such file or directory: '\S*(?:gcc|cc)'"), "a C compiler"),
    (re.compile(r"[Cc]an't find Rust compiler|cargo, the Rust package manager, is not installed"), "a Rust compiler"),
    (re.compile(r"Package '?([\w.+-]+)'?,? (?:required by|was not found in the pkg-config)"), ""),
)
_EXACT = re.compile(r"you require ([A-Za-z0-9][\w.-]*==[\w.!+-]*\w)")
_NEEDS = re.compile(
    r"(?<![\w.\[\]-])([\w.\[\]-]{1,200}==[\w.!+-]{1,100}) depends on"
    r" ([\w.-]{1,200})(?:\[[^]]{0,200}\])?(?:\{[^}]{0,200}\})?([<>=!~]\S{0,200}[\w*])"
)
_PYTHON = re.compile(r"does not satisfy Python([<>=!~][\w.*,<>=!~]*[\w*]) and (\S+) depends on Python")
_TAG = re.compile(
    r"(?<![\w.-])([A-Za-z0-9][\w.-]{0,200}==[\w.!+-]{1,100}) has no wheels with a matching Python"
    r" (?:ABI|version|implementation) tag"
)
_BEFORE = re.compile(r"python_(?:full_)?version < '([\d.]+)'")
_PYTHON2 = re.compile(
    r"except [\w.]+, \w+:\n[ ^]*\n\s*SyntaxError|Missing parentheses in call to '(?:print|exec)'"
    r"|No module named '?(?:ConfigParser|urllib2|__builtin__|StringIO|cStringIO)\b"
)
# pip's word for what it does not take; its own faults and the network's are not.
_REFUSED = re.compile(r"^ERROR: (?!Exception:|Could not install packages|Operation cancelled)(\S.*)", re.MULTILINE)
_SYNTAX = re.compile(r"(?:Couldn't parse requirements?(?: in)?|Error parsing included file in) `([^`]+)`")
_FILE = re.compile(
    r"(?:File not found: |failed to read from file |Distribution not found at: )`?([^`\n]+?)`?(?:: |\n|$)"
)
_GIT = re.compile(r"^[ \t]*fatal: (.+?)\.?$", re.MULTILINE)
_FULL = re.compile(r"No space left on device|Disk quota exceeded|\(os error 28\)")
_FETCH = re.compile(r"Failed to fetch: `?((https?://)(?:[^/@\s`]*@)?([^/:\s`]+)(:\d+)?[^\s`]*)")
_UNREACHABLE = re.compile(r"error sending request|dns error|tcp connect error|operation timed out|Could not connect")


def failure(said: str, *, python: str, indexes: Collection[str] = ()) -> UserError | PlatformError:
    """The error for a resolution that failed. ``indexes``: the hosts of the package indexes, if others were asked."""
    text = plain(said)
    if full := _FULL.search(text):
        return PlatformError(f"the installer met: {full[0]}", id="platform.disk-full")
    if library := _library(text):
        what = _BUILD.search(text)
        release = what[1] + (what[2] or "") if what else ""
        return UserError(
            "build.system-library", package=what[1] if what else "a package", library=library, release=release
        )
    if re.search("Git operation failed|failed to clone|git (fetch|clone)", text):
        said_by_git = _GIT.findall(text)
        return UserError("build.git-requirement", reason=said_by_git[-1][:600] if said_by_git else _cause(text))
    if built := next((one for named in _BUILDS if (one := named.search(text))), None):
        kind = "build.package-for-python2" if _PYTHON2.search(text) else "build.package-build-failed"
        return UserError(kind, package=built[1], python=python, release="".join(filter(None, built.groups())))
    if fetch := _FETCH.search(text):
        return _not_fetched(text, fetch, indexes)
    return _no_solution(text, python)


def _not_fetched(text: str, fetch: re.Match[str], indexes: Collection[str]) -> UserError | Transient:
    address, scheme, host, port = fetch.groups()
    index, silent = f"{scheme}{host}{port or ''}", _UNREACHABLE.search(text)
    if indexes and host not in indexes:
        return UserError(
            "build.git-requirement", reason=f"{address} " + ("gives no answer" if silent else _cause(text))
        )
    if silent:
        return Transient(f"the package index {index} can't be reached", id="build.index-unreachable")
    return UserError("build.package-not-fetched", index=index, reason=_cause(text))


def _no_solution(text: str, python: str) -> UserError | PlatformError:
    reason = _cause(text)
    if missing := _MISSING.search(text):
        return UserError("build.package-not-found", package=missing[1])
    if "No solution found" in text:
        return _contradiction(" ".join(text[text.find("Because ") :].split()), python)
    if missing_file := _FILE.search(text):
        return UserError("build.requirements-missing", file=missing_file[1].removeprefix("file://"))
    if parse := _SYNTAX.search(text):
        return UserError("build.requirements-syntax", file=parse[1], reason=reason, where=parse[1])
    if "lockfile" in text and ("needs to be updated" in text or "Unable to find lockfile" in text):
        return UserError("build.lock-stale", reason=reason)
    if not ("error: " in text or _REFUSED.search(text)) or "Failed to inspect Python interpreter" in text:
        return PlatformError(f"the resolver could not run: {text.strip()[-400:]}")
    return UserError("build.requirements-invalid", reason=reason)


def _contradiction(text: str, python: str) -> UserError:
    """uv's reasons, as one paragraph: a release that is not there, one for other Pythons, or ones that exclude each
    other; ``pythons`` is the range in which it would be none, where uv tells that, ``pins`` what the project
    pins, first what another package can't live with."""
    if only := _PYTHON.search(text):
        needs = f"{only[2]} is for Python {only[1]}"
        return UserError("python.none-fits", needs=needs, here=python, pythons=only[1], package=only[2])
    if tagged := _TAG.search(text):  # ``release``: another Python may have one
        return UserError("build.version-not-found", wanted=tagged[1], python=python, release=tagged[1])
    version = _VERSION.search(text)
    if version and "+" in (version[2] or ""):
        return UserError("build.other-index", wanted=version[1] + version[2])
    if version and "depends on" not in text:
        bounds = re.search(rf"you require {re.escape(version[1])}([<>=!~]\S*[\w*])", text)
        release = version[1] + (version[2] or (bounds[1] if bounds else ""))
        return UserError("build.version-not-found", wanted=release, python=python)
    pins = tuple(dict.fromkeys(_EXACT.findall(text)))
    reason = text.partition(" hint: ")[0].removesuffix(".")[:600]
    if len(wishes := _NEEDS.findall(text)) == 1:
        package, other, needed = wishes[0]
        if asked := next((pin for pin in pins if pin.startswith(f"{other}==")), ""):
            reason = f"{package} needs {other}{needed}, and {asked} is asked for"
            pins = tuple(dict.fromkeys((asked, *pins)))
    before = _BEFORE.search(text)
    pythons = f">={before[1]}" if before else ""
    return UserError("build.requirements-conflict", reason=reason, pins=pins, pythons=pythons)


def _library(text: str) -> str:
    for pattern, name in _LIBRARY:
        if match := pattern.search(text):
            return name or next(group for group in match.groups() if group)
    return ""


def _cause(text: str) -> str:
    """uv's own explanation in one line; its cause where it tells one."""
    lines = [line.strip() for line in text.splitlines()]
    causes = [line.removeprefix("cause: ") for line in lines if line.startswith("cause: ")]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")] or _REFUSED.findall(text)
    found = (causes or errors or [line for line in lines if line] or ["uv said nothing"])[0]
    if "not part of a valid version" in found:  # the requirement itself stands in the next line
        after = next((at for at, line in enumerate(lines) if line.endswith(found)), len(lines)) + 1
        found = ": ".join([found, *lines[after : after + 1]])
    return found.removesuffix(".")[:600]
