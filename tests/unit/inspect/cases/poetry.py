"""Poetry's carets; a lock in whose list Django is missing loses to the list beside manage.py."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ngunicorn = "^21"\n',
    "poetry.lock": '[[package]]\nname = "django"\nversion = "5.0.1"\n',
    "backend/manage.py": MANAGE.format("dingo.settings"),
    "backend/dingo/__init__.py": "",
    "backend/dingo/settings.py": SETTINGS.replace("wombat", "dingo"),
    "backend/requirements.txt": "Django==5.0\n",
}
EXPECTED = {
    "project_root": "backend",
    "installer": "requirements",
    "requirements_files": "backend/requirements.txt",
    "django_version": "5.0",
    "python_version": ">=3.11,<4",
}
NAMES = ("dingo", "backend")
