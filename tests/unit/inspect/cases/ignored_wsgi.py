"""A wsgi.py that git keeps out, though the settings name it: Django's own application serves."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("numbat.settings"),
    "numbat/__init__.py": "",
    "numbat/settings.py": SETTINGS.replace("wombat", "numbat"),
    "numbat/wsgi.example.py": WSGI.format("numbat.settings"),
    ".gitignore": "wsgi.py\n",
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {"settings_module": "numbat.settings", "wsgi_application": "", "asgi_application": ""}
NAMES = ("numbat",)
