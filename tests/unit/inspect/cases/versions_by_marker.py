"""A lock with a Django for each range of Pythons; a list that is for the documentation only."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("quoll.settings"),
    "quoll/__init__.py": "",
    "quoll/settings.py": SETTINGS.replace("wombat", "quoll"),
    "pyproject.toml": '[project]\nname = "quoll"\nrequires-python = ">=3.11"\ndependencies = ["django>=5"]\n',
    "uv.lock": (
        'version = 1\n[[package]]\nname = "django"\nversion = "5.2.10"\n'
        "resolution-markers = [\"python_full_version < '3.12'\"]\n"
        '[[package]]\nname = "django"\nversion = "6.0.1"\n'
    ),
}
EXPECTED = {"installer": "uv", "django_version": "6.0.1"}
NAMES = ("quoll",)
