"""DATABASES is what a function returns: the driver says which; a helper asks before it reads; what only DEBUG runs is
not asked for."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("bandicoot.settings"),
    "bandicoot/__init__.py": "",
    "bandicoot/settings.py": SETTINGS.replace("wombat", "bandicoot").replace("DATABASES = {", "_UNUSED = {")
    + (
        "def from_environment(name):\n    if name in os.environ:\n        return os.environ[name]\n"
        "DATABASES = made_of(os.getenv('DATABASE_URL'))\nPUBLIC = from_environment('PUBLIC_PLACE')\n"
        "DEBUG = from_environment('DEBUGGING')\nif DEBUG:\n    TOOLBAR = os.environ['TOOLBAR_FOR']\n"
    ),
    "requirements.txt": "Django==5.2.7\npsycopg[binary]==3.2.3\n",
}
EXPECTED = {"database_engines": "postgresql", "environment": ""}
NAMES = ("bandicoot",)
