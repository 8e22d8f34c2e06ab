"""A settings package that takes production's over, where a developer's own are not there."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("numbat.settings"),
    "numbat/__init__.py": "",
    "numbat/settings/__init__.py": (
        "from .base import *\ntry:\n    from .local import *\nexcept ImportError:\n    from .production import *\nX = 1\n"
    ),
    "numbat/settings/base.py": SETTINGS.replace("wombat", "numbat"),
    "numbat/settings/production.py": "from .base import *\nDEBUG = False\n",
    "numbat/wsgi.py": WSGI.format("numbat.settings"),
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {"settings_module": "numbat.settings"}
NAMES = ("numbat",)
