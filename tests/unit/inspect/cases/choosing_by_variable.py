"""A settings package that takes a developer's settings unless a variable says otherwise: production's are taken."""

from tests.unit.inspect.cases import choosing_package

CHOICE = (
    "import os\nif os.environ.get('STAGE') == 'live':\n    from .production import *\nelse:\n    from .local import *\n"
)

FILES = choosing_package.FILES | {
    "numbat/settings/__init__.py": CHOICE,
    "numbat/settings/local.py": "from .base import *\nDEBUG = True\n",
}
EXPECTED = {"settings_module": "numbat.settings.production"}
NAMES = ("numbat",)
