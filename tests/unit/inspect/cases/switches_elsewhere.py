"""Plain switches of production that the files for other platforms set: taken where the settings fail without them, or
have no other way out of a branch that asks for a file of the developer's machine. Nothing else of these files is."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("numbat.settings"),
    "numbat/__init__.py": "import os\nif os.getenv('SITE_STAGE') != 'live':\n    from .mine import *\n",
    "numbat/settings.py": (
        "import os\n"
        + SETTINGS.replace("wombat", "numbat")
        + "STAGE = os.environ['NUMBAT_STAGE']\n"
        + "GREEN, RED = os.environ['USE_GREEN'], os.environ['USE_RED']\n"
        + "SERVER, OTHER = os.environ['IS_PRODUCTION'], os.environ['NUMBAT_REGION']\n"
        + "LIVE = os.environ.get('IS_LIVE', '')\n"
        + "API = os.environ['NUMBAT_API_KEY']\n"
        + "if os.environ.get('IN_DOCKER', '') and bool(int(os.environ['IN_DOCKER'])):\n    from .docker import *\n"
        + "elif os.environ.get('ON_HEROKU', ''):\n    from .heroku import *\n"
        + "else:\n    from .local import *\n"
        + "if os.environ.get('ON_RENDER'):\n    from .missing import *\n"
        + "try:\n    from .mine import *\nexcept ImportError:\n    pass\n"
    ),
    "numbat/heroku.py": "COLOUR = 'red'\n",
    "numbat/docker.py": "COLOUR = 'blue'\n",
    "numbat/wsgi.py": WSGI.format("numbat.settings"),
    "requirements.txt": "Django==5.1.6\n",
    "app.json": (
        '{"env": {"ON_HEROKU": {"description": "Leave it", "value": "1"}, "USE_GREEN": "1", "USE_RED": "0",\n'
        '"NUMBAT_API_KEY": {"generator": "secret"}, "NUMBAT_REGION": "eu-west-1", "IS_LIVE": "1", "SITE_STAGE": "live"}}\n'
    ),
    "render.yaml": (
        "services:\n  - type: web\n    env: docker\n    envVars:\n      - key: NUMBAT_STAGE\n        value: production\n"
        "      - key: ON_RENDER\n        value: 1\n"
    ),
    "Dockerfile": "FROM python:3.12\nENV IS_PRODUCTION True\nENV NUMBAT_STAGE=docker\nENV NUMBAT_API_KEY=production\n",
}
EXPECTED = {
    "environment": "NUMBAT_API_KEY\nNUMBAT_REGION\nUSE_GREEN",
    "environment_off": "IS_PRODUCTION=True\nNUMBAT_STAGE=production\nON_HEROKU=1\nSITE_STAGE=live\nUSE_RED=0",
}
NAMES = ("numbat",)
