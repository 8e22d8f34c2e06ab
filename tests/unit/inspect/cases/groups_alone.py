"""A pyproject.toml that is no package's: its groups are all it declares, and a Dockerfile tells which are installed."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "pyproject.toml": '[dependency-groups]\nbasis = ["Django==5.2.1"]\nspare = ["rich"]\ndev = ["ruff"]\n'
    "[tool.ruff]\nline-length = 100\n",
    "Dockerfile": "FROM python:3.12\nRUN --mount=type=cache,target=/root/.cache pip install 'pip>=25.1' \\\n"
    "  && pip install --group basis --group dev\n",
    "manage.py": MANAGE.format("quokka.settings"),
    "quokka/__init__.py": "",
    "quokka/settings.py": SETTINGS.replace("wombat", "quokka"),
    "quokka/wsgi.py": WSGI.format("quokka.settings"),
}
EXPECTED = {
    "installer": "groups",
    "requirements_files": "pyproject.toml",
    "extras": "group basis",
    "django_version": "5.2.1",
    "python_version": "3.12",
}
NAMES = ("quokka", "basis", "spare")
