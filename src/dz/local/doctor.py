"""``dz doctor``: every check with its mend, before anything runs or when something does not."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from uv import find_uv_bin

from dz.errors import DzError, UserError
from dz.local import bring, planning, providers
from dz.local.layout import Layout
from dz.local.state import chosen, known
from dz.local.status import ROOM, report
from dz.local.up import up
from dz.local.users import own_name
from dz.log import redact_urls
from dz.run import DeadlinePassed, run
from dz.seams.sandbox import ladder
from dz.seams.sandbox.indexes import of_this_host
from dz.seams.sandbox.ladder import probe_host
from dz.words import size

MEMORY = 1000**3
WANTED = b"django\n"
STARTS = "dz up starts what is down."
INDEX = 20.0  # seconds
REACH = (
    "Set what the way there needs, then dz up: UV_DEFAULT_INDEX or PIP_INDEX_URL (an index of yours), HTTPS_PROXY, "
    "SSL_CERT_FILE (an authority of your network)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``mend`` is empty where all is well."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def checks(layout: Layout) -> Iterator[Check]:
    for name, look in (
        ("python", _python),
        ("user", _user),
        ("sandbox", _sandbox),
        ("disk", _disk),
        ("memory", _memory),
        ("servers", _servers),
        ("port", _port),
        ("index", _index),
        ("services", _services),
    ):
        yield _looked(name, look, layout)


def mend(layout: Layout) -> Iterator[str]:
    """Mend what can be mended from here, where it is wrong; says each thing that it did. Raises UserError for what only
    root may do."""
    down, low = _looked("services", _services, layout), _looked("sandbox", _sandbox, layout)
    if not down.ok:
        wrong = ", ".join(report(planning.current(layout)).wrong)
        up(layout, "", lambda *_: None)
        yield f"started {wrong}"
    if not low.ok:
        yield from ladder.fix()
    if down.ok and low.ok:
        yield "nothing that can be mended from here is wrong"


def _looked(name: str, look: Callable[[Layout], tuple[bool, str, str]], layout: Layout) -> Check:
    try:
        ok, detail, mend = look(layout)
    except UserError as error:
        ok, detail, mend = False, error.brief, error.next
    except (DzError, OSError) as error:
        ok, detail, mend = False, str(error), "Read the log, then dz up."
    return Check(name=name, ok=ok, detail=detail, mend="" if ok else mend)


def _python(layout: Layout) -> tuple[bool, str, str]:
    return True, f"Python {platform.python_version()} on Linux {platform.release()}", ""


def _user(layout: Layout) -> tuple[bool, str, str]:
    return True, own_name(), ""


def _sandbox(layout: Layout) -> tuple[bool, str, str]:
    """Well is the highest rung that this user can have; what it lacks is told all the same."""
    found = probe_host(home=layout.home)
    lacks = found.sandbox.lacks
    detail = f"rung {found.sandbox.rung}" + (f": {lacks}" if lacks else ", nothing is lacking")
    return not found.why_not_higher, detail, found.mend or "docs/sandbox.md says what each rung needs."


def _disk(layout: Layout) -> tuple[bool, str, str]:
    folder = next(p for p in (layout.home, *layout.home.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    return free > ROOM, f"{size(free)} free at {folder}", "Free some space there; builds need 2 GB."


def _memory(layout: Layout) -> tuple[bool, str, str]:
    free = psutil.virtual_memory().available
    return free > MEMORY, f"{free / 1e9:.1f} GB available", "Close what is not needed; the platform takes about 600 MB."


def _servers(layout: Layout) -> tuple[bool, str, str]:
    packages = bring.own().packages
    with tempfile.TemporaryDirectory(prefix="dz-asked-") as scratch:  # closed to others: root's nginx reads there
        postgres, nginx = providers.postgres(packages), providers.nginx(packages, Path(scratch))
    kind, broker = providers.broker(packages, planning.wanted_broker(known(layout)))
    words = [f"PostgreSQL {postgres.version} ({postgres.origin})", f"nginx {nginx.version} ({nginx.origin})"]
    return True, ", ".join([*words, f"{kind} {broker.version} ({broker.origin})"]), ""


def _port(layout: Layout) -> tuple[bool, str, str]:
    plan = planning.running(layout)
    if plan is not None:
        return True, f"nginx listens at {plan.state.listen}", ""
    wanted = chosen(layout, "")
    return True, wanted.said or f"{wanted.port} is free", ""


def _index(layout: Layout) -> tuple[bool, str, str]:
    """Whether uv gets from the package indexes what every site needs, as a build does: by their names, certificates and
    passwords, and through the proxy that there may be."""
    indexes = of_this_host()
    named = urlsplit(indexes.default).hostname or indexes.default
    argv: list[str | Path] = [find_uv_bin(), "pip", "compile", "--no-config", "--quiet", "--no-cache", "--no-header"]
    argv += ["--no-annotate", "--no-deps", "--only-binary", ":all:", "--python", sys.executable, "-"]
    env = {"UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_RETRIES": "0", **indexes.variables}
    try:
        asked = run(argv, deadline=INDEX, env=env, cwd=Path("/"), stdin=WANTED)
        ok, said = asked.ok, asked.text.strip().splitlines() or ["no answer"]
    except DeadlinePassed:
        ok, said = False, [f"no answer within {INDEX:.0f} s"]
    if not ok:
        why = redact_urls(said[-1].strip(" ×╰─▶│").removeprefix("Caused by: ").removeprefix("cause: "))
        return False, f"{named}: {why}", REACH
    shown = "; builds can read the password of an index: let it fetch packages only" if indexes.protected else ""
    return True, f"{named} has {said[-1]}{shown}", ""


def _services(layout: Layout) -> tuple[bool, str, str]:
    if planning.running(layout) is None:
        crashed = layout.client.exists()  # which dz up leaves and dz down takes away
        return not crashed, "not started; dz up starts them" if not crashed else "all ended by themselves", STARTS
    wrong = report(planning.current(layout)).wrong
    return not wrong, "all answer" if not wrong else f"silent: {', '.join(wrong)}", STARTS
