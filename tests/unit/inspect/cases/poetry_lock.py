"""Poetry with its lock: the versions that it names are told for the resolver."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("kowari.settings"),
    "kowari/__init__.py": "",
    "kowari/settings.py": SETTINGS.replace("wombat", "kowari"),
    "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\ndjango = "^4.2"\n',
    "poetry.lock": '[[package]]\nname = "django"\nversion = "4.2.3"\n\n[[package]]\nname = "black"\nversion = "24.1"\n',
}
EXPECTED = {"installer": "poetry", "packages": "django==4.2.3\nblack==24.1", "django_version": "4.2.3"}
NAMES = ("kowari",)
