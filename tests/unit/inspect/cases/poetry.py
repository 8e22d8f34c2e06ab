"""Poetry's carets; a lock without Django loses to the list beside manage.py, where celery's extra asks for Redis."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ngunicorn = "^21"\n',
    "poetry.lock": '[[package]]\nname = "django"\nversion = "5.0.1"\n',
    "backend/manage.py": MANAGE.format("dingo.settings"),
    "backend/dingo/__init__.py": "",
    "backend/dingo/settings.py": SETTINGS.replace("wombat", "dingo"),
    "backend/requirements.txt": "Django==5.0\ncelery[redis]==5.4\n",
}
EXPECTED = {
    "project_root": "backend",
    "installer": "requirements",
    "requirements_files": "backend/requirements.txt",
    "django_version": "5.0",
    "python_version": ">=3.11,<4",
    "services": "redis",
}
NAMES = ("dingo", "backend")
