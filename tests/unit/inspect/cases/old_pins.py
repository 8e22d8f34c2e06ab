"""The declared range reaches further than the pins have wheels; the list is old, its Django is not declared."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("dunnart.settings"),
    "dunnart/__init__.py": "",
    "dunnart/settings.py": SETTINGS.replace("wombat", "dunnart"),
    "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9"\ndjango = "^3.2"\npillow = "^8"\n',
    "poetry.lock": '[[package]]\nname = "django"\nversion = "3.2.5"\n\n[[package]]\nname = "pillow"\nversion = "8.3.1"\n',
}
EXPECTED = {"installer": "poetry", "django_version": "3.2.5", "python_version": ">=3.9,<4,<3.10"}
NAMES = ("dunnart",)
