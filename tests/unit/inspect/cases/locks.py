"""A lock beats the list that was left lying beside it; a range in pyproject says the Python."""

from tests.unit.inspect.cases.plain import ASGI, MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("bilby.settings"),
    "bilby/__init__.py": "",
    "bilby/settings.py": SETTINGS.replace("wombat", "bilby"),
    "bilby/wsgi.py": WSGI.format("bilby.settings"),
    "bilby/asgi.py": ASGI.format("bilby.settings"),
    "pyproject.toml": '[project]\nname = "bilby"\nrequires-python = ">=3.12,<3.13"\ndependencies = ["django>=5", "psycopg"]\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "django"\nversion = "5.1.3"\n',
    "requirements.txt": "Django==4.0\n",
}
EXPECTED = {
    "installer": "uv",
    "requirements_files": "pyproject.toml",
    "django_version": "5.1.3",
    "python_version": ">=3.12,<3.13",
    "title": "bilby",
}
NAMES = ("bilby",)
