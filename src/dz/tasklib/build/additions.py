"""What the platform brings when a project has none: the server, the PostgreSQL driver, setuptools for old packages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from packaging.version import Version

# What compiles against libpq, which few machines have; the -binary one is the same module with libpq inside. A version
# of it without a wheel for this Python would be compiled too.
COMPILED = frozenset({"psycopg2", "psycopg2-binary", "psycopg-c"})


def any_driver(lines: Sequence[str], django: str) -> list[str] | None:
    """The same lines with whatever psycopg2 has wheels, where a Django works with all of them; None where it doesn't,
    or where none of them is the driver."""
    pinned = [line for line in lines if line.startswith("psycopg2-binary~=")]
    if not pinned or Version(django) < Version("3.1"):
        return None
    return ["psycopg2-binary" if line in pinned else line for line in lines]


def without_compiled(have: Mapping[str, str], sources: Collection[str]) -> dict[str, str]:
    """What a project has (name → version) without drivers that would be compiled, and psycopg2 in any case:
    ``additions`` finds their like. The wheels that psycopg2 once had under this name speak no SCRAM."""
    gone = {*(COMPILED & set(sources)), "psycopg2"}
    left = {name: version for name, version in have.items() if name not in gone}
    lost = next((have[name] for name in ("psycopg2", "psycopg2-binary") if name in have and name not in left), None)
    return left | ({"psycopg2": lost} if lost else {})


def additions(have: Mapping[str, str], *, asgi_only: bool) -> list[str]:
    """Requirement lines to add to what a project has (name → version)."""
    lines = []
    if "gunicorn" not in have:
        lines.append("gunicorn")
    if asgi_only:
        lines += [name for name in ("uvicorn", "websockets") if name not in have]
    lines += _driver(have)
    if "setuptools" not in have:
        lines.append("setuptools<81")  # the last with pkg_resources; brings distutils where Python lost it
    return lines


def _driver(have: Mapping[str, str]) -> list[str]:
    if "psycopg2-binary" in have:
        return []
    if "psycopg2" in have:
        release = (*Version(have["psycopg2"]).release, 0)
        if release < (2, 7):  # there is none with libpq inside
            return ["psycopg2-binary<2.9"]
        return [f"psycopg2-binary~={release[0]}.{release[1]}.0"]
    if "psycopg" in have:
        return [] if {"psycopg-binary", "psycopg-c"} & set(have) else [f"psycopg-binary=={have['psycopg']}"]
    django = Version(have.get("django", "99"))
    if django < Version("3.1"):
        return ["psycopg2-binary<2.9"]  # 2.9 gives back other time zones than these Djangos check for
    if django < Version("4.2"):
        return ["psycopg2-binary"]
    return ["psycopg[binary]"]
