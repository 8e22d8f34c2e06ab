"""Versions of Python and Django: what the words in files mean as PEP 440, and what each Django runs on."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

# Django → the oldest and the newest Python that it says it supports (docs.djangoproject.com, "FAQ: Installation").
# From 1.8 on those before 1.11 say 3.5; they run on 3.6 too (not on 3.7), which is the oldest that is still to be had.
PYTHONS = {
    "1.5": ("3.2", "3.3"),
    "1.6": ("3.2", "3.3"),
    "1.7": ("3.2", "3.4"),
    "1.8": ("3.2", "3.6"),
    "1.9": ("3.4", "3.6"),
    "1.10": ("3.4", "3.6"),
    "1.11": ("3.4", "3.7"),
    "2.0": ("3.4", "3.7"),
    "2.1": ("3.5", "3.7"),
    "2.2": ("3.5", "3.9"),
    "3.0": ("3.6", "3.9"),
    "3.1": ("3.6", "3.9"),
    "3.2": ("3.6", "3.10"),
    "4.0": ("3.8", "3.10"),
    "4.1": ("3.8", "3.11"),
    "4.2": ("3.8", "3.12"),
    "5.0": ("3.10", "3.12"),
    "5.1": ("3.10", "3.13"),
    "5.2": ("3.10", "3.14"),
    "6.0": ("3.12", "3.14"),
    "6.1": ("3.12", "3.14"),
}
OLDEST_DJANGO = "1.8"  # that runs on a Python of today
FOR_37 = Version("1.11.17")  # the first of its series that can be imported in Python 3.7


def poetry_range(text: str) -> str:
    """Poetry's and Pipenv's words as PEP 440: carets, tildes, bare versions; '' for any, the unknown as it is."""
    return ",".join(filter(None, (_poetry_word(word.strip()) for word in text.split(","))))


def _poetry_word(word: str) -> str:
    found = re.fullmatch(r"(\^|~)?\s*([0-9]+(?:\.[0-9]+)*)(\.\*)?[A-Za-z0-9.+-]*", word)
    if word in ("*", "") or found is None:
        return "" if word == "*" else word
    sign, numbers = found[1], [int(n) for n in found[2].split(".")]
    if sign is None:
        return f"=={word}"
    last = len(numbers) - 1
    place = next((i for i, n in enumerate(numbers) if n), last) if sign == "^" else min(1, last)
    upper = [*numbers[:place], numbers[place] + 1]
    return f">={found[2]},<{'.'.join(map(str, upper))}"


def specifier(declared: str) -> SpecifierSet | None:
    """``3.12``, ``3.12.1``, ``python-3.11.4``, ``>=3.11,<4``, ``^3.11``, ``~3.11``, ``3.11.x`` as one; None if none."""
    text = re.sub(r"^(c?python-)", "", declared.strip()).replace(".x", ".*")
    if caret := re.fullmatch(r"\^\s*((\d+)(\.\d+)*)", text):
        return SpecifierSet(f">={caret[1]},<{int(caret[2]) + 1}")
    if tilde := re.fullmatch(r"~\s*(\d+\.\d+)(\.\d+)?", text):
        return SpecifierSet(f"=={tilde[1]}.*")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return SpecifierSet(f"=={text}.*")
    try:
        return SpecifierSet(text if re.match(r"[<>=!~]", text) else f"=={text}") if text not in ("", "*") else None
    except InvalidSpecifier:
        return None


def is_range(text: str) -> bool:
    try:
        return bool(SpecifierSet(text))
    except InvalidSpecifier:
        return False


def minors(wanted: SpecifierSet) -> list[int]:
    """The minor versions of Python 3 that a range leaves."""
    return [minor for minor in range(30) if any(wanted.contains(f"3.{minor}.{patch}") for patch in range(30))]


def is_one_minor(text: str) -> bool:
    """Whether a range leaves one minor version of Python 3."""
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return len(minors(wanted)) == 1


def wants_python2(text: str) -> bool:
    """Whether a declared version or range is met by Python 2 and by no Python 3."""
    try:
        wanted = SpecifierSet(text if text[:1] in "<>=!~" else f"=={text}.*" if text.count(".") < 2 else f"=={text}")
    except InvalidSpecifier:
        return False
    three = any(wanted.contains(f"3.{minor}.{patch}") for minor in range(20) for patch in range(25))
    return not three and any(wanted.contains(f"2.7.{patch}") for patch in range(20))


def supported_by_django(django: str) -> tuple[str, str] | None:
    """Oldest and newest Python for the newest Django that ``django`` (a version or a specifier) allows."""
    series = django_series(django)
    return pythons_of(series, django) if series in PYTHONS else None


def pythons_of(series: str, django: str) -> tuple[str, str]:
    """Oldest and newest Python for that series; ``django``: as it is asked for, of which a pin may say more."""
    exact = re.fullmatch(r"(?:==)?(1\.11(?:\.[0-9]+)?)", django)
    return ("3.4", "3.6") if exact and Version(exact[1]) < FOR_37 else PYTHONS[series]


def django_series(django: str) -> str | None:
    """``5.2`` for ``5.2.7``, ``==5.2.*`` or ``>=4.2,<6``; None if nothing bounds it."""
    try:
        exact = Version(django)
        return f"{exact.major}.{exact.minor}"
    except InvalidVersion:
        pass
    try:
        wanted = SpecifierSet(django, prereleases=True)
    except InvalidSpecifier:
        return None
    if not any(one.operator in ("==", "<", "<=", "~=", "===") for one in wanted):
        return None
    fitting = [s for s in PYTHONS if any(wanted.contains(f"{s}.{patch}") for patch in range(40)) or wanted.contains(s)]
    return fitting[-1] if fitting else None
