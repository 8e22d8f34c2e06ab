"""A package of settings: production beats base, local and test; its environment is what counts, and of what base does
without that is asked for on which the code relies."""

from tests.unit.inspect.cases.plain import MANAGE, WSGI

FILES = {
    "manage.py": MANAGE.format("quokka.settings.local"),
    "quokka/__init__.py": "",
    "quokka/settings/__init__.py": "",
    "quokka/settings/base.py": (
        "import environ\nenv = environ.Env(DEBUG=(bool, False))\nDEBUG = env('DEBUG')\nINSTALLED_APPS = []\n"
        "ROOT_URLCONF = 'quokka.urls'\nSECRET_KEY = env('SECRET_KEY')\n"
        "DATABASES = {'default': env.db('DATABASE_URL', default='postgres:///quokka')}\n"
        "MAIL = env.str('MAIL_PASSWORD')\nCACHE_TIME = env.int('CACHE_TIME', default=5)\n"
    ),
    "quokka/settings/local.py": "from .base import *\nimport os\nTOY = os.environ['LOCAL_TOY']\n",
    "quokka/settings/production.py": (
        "from .base import *\nKEY = env('PAYMENT_KEY')\nSIGN = env('SIGN_KEY')\nCACHE_TIME = env('CACHE_KEY')\n"
        "if BACKEND == 'cloud':\n    BUCKET = env('BUCKET')\n"
        "if not DEBUG:\n    DSN = env('ERRORS_TO')\n"
        "if 'PURGE_TOKEN' in os.environ:\n    ZONE = os.environ['PURGE_ZONE']\n"
    ),
    "quokka/settings/test.py": "from .base import *\n",
    "quokka/wsgi.py": WSGI.format("quokka.settings.production"),
    "shop/__init__.py": "",
    "shop/views.py": "import os\nTOKEN = os.environ['SHOP_TOKEN']\ndef view():\n    return os.environ['LATER'], settings.SIGN, settings.CACHE_TIME\n",
    "shop/tests/test_x.py": "import os\nX = os.environ['ONLY_TESTS']\n",
    ".env.example": "# from the bank\nPAYMENT_KEY=sk_test_1\n",
    "requirements/base.txt": "Django>=4.2,<5.0\n",
    "requirements/local.txt": "-r base.txt\npytest\n",
    "requirements/production.txt": "-r base.txt\ngunicorn\n",
    "Dockerfile": "FROM python:3.11-slim\n",
}
EXPECTED = {
    "project_root": "",
    "settings_module": "quokka.settings.production",
    "wsgi_application": "quokka.wsgi.application",
    "installer": "requirements",
    "requirements_files": "requirements/production.txt",
    "django_version": ">=4.2,<5.0",
    "python_version": "3.11",
    "database_engines": "postgresql",
    "environment": "MAIL_PASSWORD\nSECRET_KEY\nSHOP_TOKEN\nSIGN_KEY",
    "environment_later": "CACHE_KEY\nERRORS_TO\nLATER\nPAYMENT_KEY",
}
NAMES = ("quokka",)
