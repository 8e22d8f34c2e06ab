"""A package without plain dependencies: Django stands in a group beside those for development."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "pyproject.toml": '[project]\nname = "possum"\nversion = "1"\nrequires-python = ">=3.12"\n'
    '[dependency-groups]\nbasis = ["django>=5.2,<5.3"]\nspare = ["rich"]\ndev = ["django-stubs", "django"]\n',
    "manage.py": MANAGE.format("possum.settings"),
    "possum/__init__.py": "",
    "possum/settings.py": SETTINGS.replace("wombat", "possum"),
}
EXPECTED = {"installer": "setup", "requirements_files": "pyproject.toml", "extras": "group basis"}
NAMES = ("possum", "basis", "spare")
