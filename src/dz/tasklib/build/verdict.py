"""What the guest's answers mean: a project that works, or the error to tell its owner.

Pure. An answer was written beside a project's own code and is not trusted: it is parsed into checked types with limits,
stripped of control characters, and decides nothing but this project's own build.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dz.errors import DzError, UserError, own_fault
from dz.names import EnvName, StaticUrl
from dz.plain import plain
from dz.run import ended_by

KEEP = 1024 * 1024  # bytes of output to keep (``keep=``) so that no answer is cut
STAGES = ("settings", "setup", "urls", "application")
# Modules that no wheel brings: they are made for the library of the host.
LIBRARIES = {"osgeo": "GDAL", "gi": "GObject introspection", "apt": "APT", "rpm": "RPM"}
# Modules that Python has on Windows alone, and those of packages that are made for it.
WINDOWS = frozenset(
    (
        *("_winapi", "_winreg", "msvcrt", "nt", "winreg", "winsound"),
        *("pythoncom", "pywintypes", "servicemanager", "win10toast", "win32api", "win32clipboard", "win32com"),
        *("win32con", "win32event", "win32file", "win32gui", "win32net", "win32pipe", "win32print", "win32process"),
        *("win32security", "win32service", "win32serviceutil", "win32timezone", "win32ui", "winpty", "winshell", "wmi"),
    )
)
EXTENSIONS = {"extension": "hook.extension-missing", "extension-denied": "hook.extension-denied"}
_FAILED = dict(
    zip(STAGES, ("settings.import-failed", "app.setup-failed", "app.urls-failed", "app.wsgi-failed"), strict=True)
)

Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(plain)]
Short = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(plain)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Failure(_Answer):
    """One exception: ``kind`` as the guest's ``errors`` says, the project's own line where there is one, ``packages``
    that have a part in it, by their folders; None where nobody knows."""

    kind: Short
    name: Short = ""
    type: Short = ""
    message: Short = ""
    file: Short = ""
    line: int = 0
    source: Short = ""
    traceback: Text = ""
    packages: list[Short] | None = Field(default=None, max_length=100)

    @property
    def summary(self) -> str:
        """Type and first line of the message, fit for the middle of a sentence."""
        first = (self.message.strip().splitlines() or [""])[0][:300].rstrip(".")
        return ": ".join(part for part in (self.type, first) if part) or "no reason given"


class Learned(_Answer):
    """What working settings say."""

    static_url: Short
    media_url: Short
    staticfiles: bool
    static_inputs: Short = ""  # what the static layer would be made from; "" where only collecting tells
    pages: list[Annotated[str, StringConstraints(pattern=r"^/[\w./~-]*$", max_length=200)]] = Field([], max_length=10)
    brokerless: list[Short] = Field(default=[], max_length=100)  # Celery applications that name no broker
    migrates: Short = ""  # what else migrate would make; "" where only running it tells
    unmigrated: list[Short] = Field(default=[], max_length=500)  # apps whose models have changes without a migration
    bare: list[Short] = Field(default=[], max_length=500)  # apps with models and without any migration
    migrations: list[tuple[Short, Short, bool]] = Field(default=[], max_length=5_000)  # app, name, can be undone


class Try(_Answer):
    """One settings candidate. ``note`` is a failure that does not count (urls that ask the database); ``collected``:
    its static files lie where they were asked for."""

    settings: Short
    ok: bool
    stage: Short
    seconds: float
    collected: bool = False
    wsgi: Short = ""
    asgi: Short = ""
    learned: Learned | None = None
    error: Failure | None = None
    note: Failure | None = None

    @property
    def lacks(self) -> str:
        """The module that it imports and that is not installed, "" where it failed otherwise."""
        missing = self.error is not None and self.error.kind == "module" and not _names_itself(self)
        return self.error.name if self.error is not None and missing else ""


class _Probe(_Answer):
    python: Short
    tries: list[Try] = Field(max_length=50)


class ProbeResult(_Answer):
    """The candidate that works, and those tried before it in vain."""

    python: str
    chosen: Try
    learned: Learned
    failed: tuple[Try, ...]


class Broker(_Answer):
    """Where a Celery application sends its messages; ``answers``: None where that was not tried."""

    url: Short = ""
    answers: bool | None = None
    error: Short = ""


class HookResult(_Answer):
    """How a management command ended; ``applied`` and ``failed`` are migrations, app and name, ``file`` is that of the
    one that failed, of which a part stays if it is not ``atomic``; ``adminless``: whether the project has an admin that
    nobody may enter, None where that was not looked at."""

    command: Short
    ok: bool
    error: Failure | None = None
    applied: list[tuple[Short, Short]] = Field(default=[], max_length=5_000)
    failed: tuple[Short, Short] | None = None
    file: Short = ""
    atomic: bool = True
    adminless: bool | None = None
    brokers: dict[Short, Broker] = Field(default={}, max_length=100)  # of the applications that were asked for it


Model = TypeVar("Model", bound=_Answer)


def probe_result(output: bytes, marker: str, root: Path, *, code: int = 0) -> ProbeResult:
    """The probe's answer out of its output; ``root`` is the folder of the checkout, ``code`` how the probe ended.

    Raises UserError with the project's own line when no candidate works, or its STATIC_URL is none for a proxy;
    PlatformError when the guest's own code failed.
    """
    answer = _read(_Probe, output, marker, code)
    if works := _that_works(answer):
        return works
    raise failure(answer.tries, answer.python, root)


def said_result(said: str) -> ProbeResult | None:
    """The same of a release that said by itself what it is; None where it says nothing that could be read. Raises
    UserError if its STATIC_URL is none for a proxy."""
    try:
        return _that_works(_Probe.model_validate_json(said))
    except ValidationError:
        return None


def _that_works(answer: _Probe) -> ProbeResult | None:
    for one in answer.tries:
        if one.ok and one.learned is not None:
            learned = one.learned.model_copy(update={"static_url": _static_url(one.learned, one.settings)})
            failed = tuple(before for before in answer.tries if not before.ok)
            return ProbeResult(python=answer.python, chosen=one, learned=learned, failed=failed)
    return None


def failure(tries: Iterable[Try], python: str, root: Path) -> DzError:
    """What to tell of several candidates that failed: the one that came furthest, the first of equals."""
    known = [one for one in tries if one.error is not None and one.stage in STAGES]
    if not known:
        return UserError("settings.no-answer", error="it gave no answer")
    best = max(known, key=lambda one: (STAGES.index(one.stage), not _names_itself(one)))
    assert best.error is not None
    return _of_try(best, best.error, python, root)


def hook_result(output: bytes, marker: str, *, code: int = 0) -> HookResult:
    """How a management command went. Raises UserError if it left no answer but its exit code."""
    return _read(HookResult, output, marker, code)


def hook_error(hook: HookResult, root: Path) -> DzError:
    """The error to tell of a command that failed."""
    error = hook.error or Failure(kind="exit", message="it ended with an error code")
    if error.kind == "ours":
        return own_fault(error.summary, f"{error.file}:{error.line} {error.source}")
    place = where(error, root)
    if _variable(error):
        return UserError("settings.variable-missing", where=place, variable=error.name)
    if error.kind in EXTENSIONS:
        return UserError(EXTENSIONS[error.kind], where=place, extension=error.name)
    if hook.command == "migrate" and hook.failed is not None:
        place = place or _relative(hook.file, root)
        name, count = ".".join(hook.failed), len(hook.applied)
        stay = f"{count} before it {'is' if count == 1 else 'are'} applied and stay so" if count else "None was applied"
        id = "hook.migration-failed" if hook.atomic else "hook.migration-half-done"
        return UserError(id, where=place, migration=name, error=_said(error, root), applied=stay)
    if hook.command == "collectstatic":
        return UserError("hook.collectstatic-failed", where=place, error=_said(error, root))
    said = f"it ended with the exit code {error.message}" if error.type == "SystemExit" else _said(error, root)
    return UserError("hook.failed", where=place, command=hook.command, error=said)


def where(error: Failure, root: Path) -> str:
    """``file:line  source``, the file as the repository names it; "" where the project has no part in it."""
    file = _relative(error.file, root)
    return f"{file}:{error.line}  {error.source}".rstrip() if file else ""


def _said(error: Failure, root: Path) -> str:
    """Its summary, with the repository's own names for the files below ``root``."""
    return error.summary.replace(f"{root}/", "")


def _static_url(learned: Learned, settings: str) -> str:
    """Where the proxy serves files, checked while nothing is deployed; "" for a project that has them elsewhere."""
    url = learned.static_url
    if not learned.staticfiles or re.match(r"(https?:)?//", url):
        return ""
    try:
        return StaticUrl(url)
    except ValueError:
        raise UserError("settings.static-url", settings=settings, url=repr(url[:80]), rule=StaticUrl.rule) from None


def _of_try(one: Try, error: Failure, python: str, root: Path) -> DzError:
    place = where(error, root)
    if error.kind == "ours":
        return own_fault(error.summary, f"{error.file}:{error.line} {error.source}")
    if _variable(error):
        return UserError("settings.variable-missing", where=place, variable=error.name)
    if error.kind == "syntax":
        file = _relative(error.file, root) or "a file of the project"
        return UserError("settings.syntax-error", where=place, python=python, file=file, error=_said(error, root))
    if error.kind == "module" and _names_itself(one):
        return UserError("settings.not-found", where=place, settings=one.settings)
    if error.kind == "module":
        library = LIBRARIES.get(error.name.partition(".")[0])
        if library:
            return UserError("settings.library-missing", where=place, module=error.name, library=library)
        windows = error.name.partition(".")[0] in WINDOWS
        return UserError(f"settings.{'windows' if windows else 'module-missing'}", where=place, module=error.name)
    if error.kind == "file":
        return UserError("settings.file-missing", where=place, file=_relative(error.name, root) or error.name)
    if error.kind == "library":
        return UserError("settings.library-missing", where=place, module="django.contrib.gis", library=error.name)
    if error.kind == "timeout":
        return UserError("settings.hangs", where=place, settings=one.settings)
    if error.kind == "exit":
        return UserError("settings.no-answer", where=place, error=_said(error, root))
    part = {} if error.packages is None else {"packages": " ".join(error.packages)}
    said = _said(error, root)
    return UserError(_FAILED[one.stage], where=place, settings=one.settings, error=said, module=error.name, **part)


def _variable(error: Failure) -> bool:
    """Whether a variable is missing, by a name that may stand in a command line that users copy."""
    return error.kind == "variable" and EnvName.pattern.fullmatch(error.name) is not None


def _names_itself(one: Try) -> bool:
    """Whether what is missing is the candidate (or a package above it), not something that it imports."""
    missing = one.error.name if one.error is not None and one.error.kind == "module" else ""
    return bool(missing) and one.stage == "settings" and f"{one.settings}.".startswith(f"{missing}.")


def _relative(file: str, root: Path) -> str:
    path = PurePosixPath(file)
    return str(path.relative_to(root)) if file and path.is_relative_to(root) and ".." not in path.parts else ""


def _read(kind: type[Model], output: bytes, marker: str, code: int) -> Model:
    """The JSON line after the last marker line."""
    _, found, rest = output.rpartition(b"\n" + marker.encode("ascii") + b"\n")
    try:
        if found:
            return kind.model_validate_json(rest.partition(b"\n")[0])
    except ValidationError:
        pass
    if found:
        raise UserError("settings.no-answer", error="its answer could not be read")
    last = plain(output[-2000:].decode(errors="replace")).strip().rpartition("\n")[2][:200]
    how = "it was killed" if ended_by(code, signal.SIGKILL) else f"it ended with {code}"
    said = f", its last words were {last!r}" if last else " and said nothing"
    raise UserError("settings.no-answer", error=how + said)
