"""Repositories of the sample shop: three apps, REST framework, Celery, about ninety static files."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.repositories import git

SHOP = Path(__file__).with_name("shop")
# Small ones, so that each project can have a list that no environment was made for, of wheels that all are cached.
EXTRAS = (
    "humanize==4.17.0",
    "tenacity==9.2.1",
    "cachetools==8.0.1",
    "pyjwt==2.15.1",
    "python-slugify==9.2.0",
    "django-extensions==4.1",
)
ADDED = "django-crispy-forms==2.7"


class Shop:
    """One repository. ``number`` decides which of ``EXTRAS`` it needs: 64 lists that differ."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self._version = 1
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__", "var", "staticfiles"))
        _static(folder)
        extras = [line for place, line in enumerate(EXTRAS) if number >> place & 1]
        self._require(extras)
        git("init", "-q", "-b", "main", cwd=folder)
        self._commit("Initial import")

    def change(self, kind: str) -> None:
        """Commit one line (``code``), or that and one dependency (``dep``)."""
        self._version += 1
        (self.folder / "shop/version.py").write_text(f'VERSION = "v{self._version}"\n')
        if kind == "dep":
            self._require([ADDED])
        self._commit(f"{kind} v{self._version}")

    def _require(self, lines: list[str]) -> None:
        with (self.folder / "requirements.txt").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def _commit(self, message: str) -> None:
        git("add", "-A", cwd=self.folder)
        git("commit", "-q", "-m", message, cwd=self.folder)


def _static(folder: Path) -> None:
    """Ninety icons and sheets and two files of a vendor's size, always the same."""
    chance = random.Random(20)  # noqa: S311 - no secret
    for app in ("catalog", "orders", "blog"):
        home = folder / app / "static" / app
        home.mkdir(parents=True)
        (home / f"{app}.css").write_text("".join(f".{app}-{i} {{ width: {i}px }}\n" for i in range(120)))
        for number in range(1, 30):
            line = " ".join(f"L{chance.randrange(64)} {chance.randrange(64)}" for _ in range(40))
            icon = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M0 0 {line}z"/></svg>\n'
            (home / f"icon-{number:02d}.svg").write_text(icon)
    site = folder / "catalog/static/site"
    site.mkdir()
    rules = [f".v{i} > .w{chance.randrange(99)} {{ width: {i}px }}\n" for i in range(4500)]
    (site / "site.css").write_text("".join(rules[:300]))
    (site / "vendor.css").write_text("".join(rules))
    lines = (f"export function v{i}(a,b){{return a*{chance.randrange(99999)}+b*{i}}}\n" for i in range(4500))
    (site / "vendor.js").write_text("".join(lines))
