"""``python -m corpus.peers FOLDER``: what other platforms' published rules find in each clone of a folder.

A rule counts as met when it gives a production start command without a person's help and what that command needs is
among the dependencies that it installs. Nothing is deployed: whether the site would answer then is not said. The rules
are those of the sources that docs/comparison.md names.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_WSGI = re.compile(r"WSGI_APPLICATION = [\"'](.*)\.application[\"']")


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""


def _procfile(root: Path, kinds: str) -> str:
    found = re.search(rf"^(?:{kinds}):\s*(\S.*)$", _text(root / "Procfile"), re.MULTILINE)
    return found[1] if found else ""


def _lists(root: Path) -> str:
    return "\n".join(_text(root / name) for name in ("requirements.txt", "pyproject.toml", "Pipfile")).lower()


def _installed(root: Path) -> str:
    """The lists with those that the first one includes."""
    inner = re.findall(r"^-r\s*(\S+)", _text(root / "requirements.txt"), re.MULTILINE)
    return "\n".join([_lists(root), *(_text(root / name).lower() for name in inner)])


def _served(root: Path, command: str) -> bool:
    """Whether the server that the command starts is installed by the lists of the root."""
    server = re.search(r"gunicorn|uvicorn|daphne|waitress|uwsgi|hypercorn", command)
    return server is not None and server[0] in _installed(root)


def heroku(root: Path) -> bool:
    """A dependency file in the root and a web line in the Procfile; Dokku's default builder is the same."""
    files = ("requirements.txt", "Pipfile", "poetry.lock", "uv.lock")
    return any((root / name).is_file() for name in files) and _served(root, _procfile(root, "web"))


def nixpacks(root: Path) -> bool:
    """A web line, else manage.py and Django in a list of the root, and WSGI_APPLICATION in some file."""
    if command := _procfile(root, "web"):
        return _served(root, command)
    if not (root / "manage.py").is_file() or "django" not in _lists(root):
        return False
    return _served(root, "gunicorn") and any(_WSGI.search(_text(path)) for path in root.rglob("*.py"))


def piku(root: Path) -> bool:
    """A Procfile, and requirements.txt or pyproject.toml; its wsgi lines are served by its own uWSGI."""
    listed = (root / "requirements.txt").is_file() or (root / "pyproject.toml").is_file()
    return listed and (bool(_procfile(root, "wsgi")) or _served(root, _procfile(root, "web")))


def render(root: Path) -> bool:
    """A blueprint with a start command; without one a person types it."""
    found = re.search(r"startCommand:\s*(\S.*)", _text(root / "render.yaml"))
    return found is not None and _served(root, f"{found[1]} {_text(root / 'build.sh')}")


RULES: Mapping[str, Callable[[Path], bool]] = {
    "Heroku, Dokku": heroku,
    "Nixpacks (Coolify's default)": nixpacks,
    "piku": piku,
    "Render": render,
}


def main(folder: Path) -> None:
    roots = sorted(one for one in folder.iterdir() if one.is_dir())
    for name, rule in RULES.items():
        met = [root.name for root in roots if rule(root)]
        sys.stdout.write(f"{name}: {len(met)} of {len(roots)}: {', '.join(met)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
