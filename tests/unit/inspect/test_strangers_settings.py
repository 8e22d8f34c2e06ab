"""Settings as strangers have them: which are in force, what they read of the environment, what is refused of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI
from tests.unit.inspect.strangers import LIST, Stranger, project, understood

VARIABLES = """\
import json
assert os.environ.get("ASSERTED"), "set it"
assert "NAMED" in os.environ
OPTIONS = json.loads(os.environ.get("AS_JSON"))
WANTED = ["FIRST", "SECOND"]
missing = [name for name in WANTED if name not in os.environ]
if missing:
    raise ValueError(missing)
for name in ("THIRD",):
    if not os.getenv(name):
        raise ValueError(name)
MORE = json.loads(os.getenv("MAYBE") if os.getenv("MAYBE") else "{}")
assert not os.getenv("OLD_NAME")
for name in ("TOLD",):
    print(name)
ASIDE = ("KEPT_ASIDE",)
saved = {name: os.environ.get(name) for name in ASIDE}
for name in ASIDE:
    os.environ[name] = "x"
FRONT = "BEHIND_FRONT" in os.environ and bool(int(os.environ["BEHIND_FRONT"]))
"""
PUT_TOGETHER = """\
import os
from split_settings.tools import include
files = ["core.py"]
if os.environ.get("ON_HEROKU"):
    files.append("heroku.py")
include(*files)
"""
REFUSING = """\
import sys
PLACE = os.getenv("DEPLOYED_AT")
if PLACE:
    PLACE = PLACE.strip()
else:
    raise EnvironmentError("DEPLOYED_AT is not there")
FIRST, DEBUG = os.environ.get("FIRST_KEY"), False
ONE = os.environ.get("ONE_KEY", "")
TWO = os.environ.get("TWO_KEY")
if not ONE or TWO is None:
    raise ValueError
THREE = os.environ.get("THREE_KEY")
if not DEBUG and not THREE:
    raise ValueError
if not DEBUG:
    FOUR = os.getenv("FOUR_KEY")
    if not FOUR:
        sys.exit("no key")
FIVE = os.getenv("FIVE_KEY")
if os.path.exists("/x"):
    if not FIVE:
        raise ValueError
SIX = os.getenv("SIX_KEY", "a default")
if not SIX:
    raise ValueError
SEVEN = os.getenv("SEVEN_KEY")
if not SEVEN:
    SEVEN = "other"
EIGHT = os.getenv("EIGHT_KEY")
TEN = os.getenv("TEN_KEY")
if not all([EIGHT, TEN]):
    raise ValueError
ELEVEN = os.getenv("ELEVEN_KEY")
if ELEVEN == "":
    raise ValueError
if DEBUG:
    pass
else:
    TWELVE = os.getenv("TWELVE_KEY")
    if TWELVE is None:
        exit(1)
THIRTEEN = os.getenv("THIRTEEN_KEY")
if not THIRTEEN:
    print("no key")
"""
CLASSES = """\
from configurations import Configuration
class Base(Configuration):
    INSTALLED_APPS = ["django.contrib.admin"]
    ROOT_URLCONF = "bilby.urls"
    DATABASES = {"default": {"ENGINE": "django.contrib.gis.db.backends.postgis"}}
class Production(Base):
    DEBUG = False
"""
STRANGERS = {
    "no ROOT_URLCONF": Stranger(
        {**project(without="ROOT_URLCONF"), **LIST}, said="bilby/settings.py sets no ROOT_URLCONF"
    ),
    "variables that are asked for": Stranger(
        {**project(VARIABLES), **LIST}, {"environment": "ASSERTED\nNAMED\nAS_JSON\nFIRST\nSECOND\nTHIRD"}
    ),
    "variables whose absence is refused": Stranger(
        {**project(REFUSING), **LIST},
        {
            "environment": "DEPLOYED_AT\nONE_KEY\nTWO_KEY\nTHREE_KEY\nFOUR_KEY\nEIGHT_KEY\nTEN_KEY\nELEVEN_KEY\nTWELVE_KEY"
        },
    ),
    "settings put together of files that a variable names": Stranger(
        {
            **{path: text for path, text in project().items() if path != "bilby/settings.py"},
            **LIST,
            "bilby/settings/__init__.py": PUT_TOGETHER,
            "bilby/settings/core.py": SETTINGS.replace("wombat", "bilby"),
            "bilby/settings/heroku.py": "from .core import SECRET_KEY\nDATABASES = {'default': {'ENGINE': "
            "'django.db.backends.mysql'}}\nMIDDLEWARE = []\n",
        },
        {"settings_module": "bilby.settings", "database_engines": "sqlite3\nmysql"},
    ),
    "settings put together of folders' pieces": Stranger(
        {
            **{path: text for path, text in project().items() if path != "bilby/settings.py"},
            **LIST,
            "bilby/settings/__init__.py": "from split_settings.tools import include\nimport os\n"
            "include('components/*.py', f\"environments/{os.environ.get('ENV', 'development')}.py\")\n",
            "bilby/settings/components/__init__.py": "",
            "bilby/settings/components/base.py": SETTINGS.replace("wombat", "bilby"),
            "bilby/settings/environments/__init__.py": "",
            "bilby/settings/environments/development.py": "DEBUG = True\n",
            "bilby/settings/environments/production.py": "from bilby.settings.components.base import DATABASES\n"
            "DATABASES = {'default': {**DATABASES['default']}}\nMIDDLEWARE += ['x']\n",
        },
        {"settings_module": "bilby.settings", "database_engines": "sqlite3"},
    ),
    "settings that a library makes, in a package that holds its manage.py": Stranger(
        {
            **LIST,
            "src/bilby/__init__.py": "",
            "src/bilby/manage.py": MANAGE.format("bilby.settings.default"),
            "src/bilby/wsgi.py": WSGI.format("bilby.settings.default"),
            "src/bilby/urls.py": "urlpatterns = []\n",
            "src/bilby/settings/__init__.py": "",
            "src/bilby/settings/core.py": SETTINGS.replace("wombat", "bilby"),
            "src/bilby/settings/default.py": "import library\nlibrary.load('core.py', __name__)\n",
        },
        {
            "project_root": "src/bilby",
            "settings_module": "bilby.settings.default",
        },
    ),
    "settings that only their package's own name finds": Stranger(
        {
            **LIST,
            "bilby/__init__.py": "",
            "bilby/manage.py": MANAGE.format("bilby.settings"),
            "bilby/settings.py": SETTINGS.replace("wombat", "bilby"),
            "bilby/urls.py": "from bilby.settings import DEBUG\nurlpatterns = []\n",
        },
        {"project_root": "bilby", "settings_module": "bilby.settings"},
    ),
    "settings as classes": Stranger(
        {**project(), **LIST, "bilby/settings.py": CLASSES},
        {"settings_module": "bilby.settings", "database_engines": "postgis"},
    ),
    "local settings that are not committed": Stranger(
        {
            **LIST,
            **project(),
            "bilby/settings.py": "",
            "bilby/settings/__init__.py": "",
            "bilby/settings/base.py": SETTINGS,
            "bilby/settings/production.py": "from .base import *\nDEBUG = False\n",
            "manage.py": MANAGE.format("bilby.settings.local"),
        },
        {"settings_module": "bilby.settings.production"},
    ),
    "an app that adds to the site's settings": Stranger(
        {
            **LIST,
            **project(),
            "bilby/settings.py": "",
            "bilby/settings/base.py": SETTINGS,
            "shop/settings.py": "from bilby.settings.base import INSTALLED_APPS\nINSTALLED_APPS += ['shop']\n",
            "manage.py": MANAGE.format("bilby.settings.base"),
        },
        {"settings_module": "bilby.settings.base"},
    ),
    "production settings that read with what base imported": Stranger(
        {
            **LIST,
            "manage.py": MANAGE.format("bilby.settings.production"),
            "bilby/settings/base.py": "from decouple import Csv, config\nimport environ\n"
            f"env = environ.Env(SHOP=(str, ''))\n{SETTINGS}",
            "bilby/settings/production.py": "from .base import *\nALLOWED_HOSTS = config('ALLOWED_HOSTS', cast=Csv())\n"
            "DEBUG = config('DEBUG', cast=bool)\nSHOP = env('SHOP')\nDOG = config('DOG')\n",
        },
        {"environment": "ALLOWED_HOSTS", "environment_later": "DOG", "environment_off": "DEBUG="},
    ),
    "production settings on what is no site's": Stranger(
        {
            **LIST,
            "manage.py": MANAGE.format("bilby.settings.production"),
            "bilby/settings/base.py": SETTINGS.replace("ROOT_URLCONF", "OTHER"),
            "bilby/settings/production.py": "from .base import *\nimport os\nROOT_URLCONF = 'bilby.urls'\n"
            "DOG = os.environ['DOG']\n",
        },
        {"environment": "DOG", "environment_later": ""},
    ),
    "the database that Amazon's platform tells": Stranger(
        {
            **LIST,
            **project(
                "if 'RDS_DB_NAME' in os.environ:\n"
                "    DATABASES = {'default': {'NAME': os.environ['RDS_DB_NAME'], 'USER': os.environ['<RDS_USERNAME>']}}"
            ),
        },
        {"environment": "", "environment_as": ""},
    ),
    "the same, without which it does not start": Stranger(
        {**LIST, **project("DATABASES = {'default': {'NAME': os.environ['RDS_DB_NAME']}}", without="DATABASES")},
        {"environment": "", "environment_as": "RDS_DB_NAME<DB_NAME"},
    ),
    "folders that the platform has elsewhere": Stranger(
        {
            **LIST,
            **project(
                "STATIC_ROOT = os.environ['WHERE']\nMEDIA_ROOT = os.path.join(BASE_DIR, os.environ['FILES'])\n"
                "MEDIA_URL = os.environ['USED']\nOTHER = os.environ['USED']"
            ),
        },
        {"environment": "USED", "environment_off": "WHERE=staticfiles\nFILES=media"},
    ),
    "settings that name the urls of no app": Stranger(
        {
            **LIST,
            **project("ROOT_URLCONF = 'urls'"),
            "shop/__init__.py": "",
            "shop/urls.py": "urlpatterns = []\n",
        },
        {"settings_module": "bilby.settings", "additional_python_path_dirs": ""},
    ),
}


@pytest.mark.parametrize("one", STRANGERS.values(), ids=STRANGERS)
def test_a_strangers_settings_are_understood(one: Stranger, tmp_path: Path) -> None:
    understood(one, tmp_path)


ALIASES = {
    "env = os.environ.get\n": ("env", {"WANTED": "0.4", "NUMBER": "0.95", "DEFAULT": "0.2"}),
    "from os import getenv as read\n": ("read", {"WANTED": "0.4", "NUMBER": "0.95", "DEFAULT": "0.2"}),
    "import environ\nenv = environ.Env()\n": ("env", {"WANTED": "0.95", "NUMBER": "0.95", "DEFAULT": "0.2"}),
    "env = os.environ.get\nimport environ\nenv = environ.Env()\n": ("env", {"WANTED": "0.95"}),
}


@pytest.mark.parametrize("line", ALIASES)
def test_a_name_of_the_projects_own_for_the_environment_is_what_it_stands_for(tmp_path: Path, line: str) -> None:
    name, expected = ALIASES[line]
    reads = f"A = {name}('WANTED') == 'x'\nB = int({name}('NUMBER'))\nC = {name}('DEFAULT', '*').split()\n"
    files = {**project("import os\n" + line + reads), **LIST}
    guesses = report(write_tree(tmp_path, files))["guesses"]
    found = {one["value"]: str(one["confidence"]) for one in guesses if one["field"] == "environment"}
    assert {key: found.get(key) for key in expected} == expected


def test_the_environment_itself_under_another_name_is_the_environment(tmp_path: Path) -> None:
    files = {**project("import os\nconf = os.environ\nA = conf['WANTED']\nB = conf.get('MAYBE')\n"), **LIST}
    guesses = report(write_tree(tmp_path, files))["guesses"]
    found = {one["value"]: one["confidence"] for one in guesses if one["field"] == "environment"}
    assert (found.get("WANTED"), found.get("MAYBE")) == (0.95, 0.4)


def test_an_alias_is_known_in_the_settings_that_are_built_on_it(tmp_path: Path) -> None:
    files = {**project("from bilby.base import *\nA = env('WANTED') == 'x'\n"), **LIST}
    files["bilby/base.py"] = "import os\nenv = os.environ.get\n"
    guesses = report(write_tree(tmp_path, files))["guesses"]
    found = {one["value"]: one["confidence"] for one in guesses if one["field"] == "environment"}
    assert found.get("WANTED") == 0.4
