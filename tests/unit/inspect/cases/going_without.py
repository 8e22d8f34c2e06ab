"""Settings for production that want keys of their owner's accounts, built on ones that do without; an entry of DATABASES
and a mail server from variables of any name; examples beside, which nobody can import."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("quoll.settings.local"),
    "quoll/__init__.py": "",
    "quoll/settings/__init__.py": "",
    "quoll/settings/base.py": SETTINGS.replace("wombat", "quoll")
    + "STRIPE_KEY = os.environ['STRIPE_KEY']\nPOST_WORD = os.environ['POST_WORD']\nEMAIL_HOST = 'smtp.example.org'\n"
    "EMAIL_HOST_USER = os.environ.get('POST_NAME') or os.environ['POST_NAME']\n"
    "EMAIL_HOST_PASSWORD = POST_WORD\nEMAIL_PORT = int(os.environ['POST_PORT'])\n"
    "EMAIL_USE_TLS = bool(int(os.environ['POST_USE_TLS']))\nSERVER_EMAIL = os.environ['POST_FROM']\n"
    "DEFAULT_FROM_EMAIL = os.environ['POST_OTHER'] or 'a@b.org'\nOTHER = os.environ['POST_OTHER']\n"
    "import environ\nenv = environ.Env()\nvars().update(env.email_url('POST_URL'))\n"
    "ADMINS = getaddresses([env('POST_TO')])\nMANAGERS = [(env('BOSS'), 'a@b.org')]\n"
    "STATIC_ROOT = os.environ['BOTH_AT']\nMEDIA_ROOT = os.environ['BOTH_AT']\n",
    "quoll/settings/local.py": "from .base import *\nDEBUG = True\nINSTALLED_APPS += ['debug_toolbar']\n",
    "quoll/settings/production.py": (
        "import os\nfrom .base import *\nSECRET_KEY = os.environ['SECRET_KEY']\nWORD = os.environ['STORE_WORD']\n"
        "MAILGUN = os.environ['MAILGUN_KEY'], os.environ['STRIPE_KEY'], os.environ['SEEN_KEY']\n"
        "DATABASES = {'default': {'PASSWORD': WORD, 'USER': os.environ['STORE_ROLE'],\n"
        "  'NAME': os.environ['TWICE_NAMED'], 'HOST': os.environ.get('STORE_AT')}}\nB = os.environ['TWICE_NAMED']\n"
    ),
    "quoll/shelf.py": "import os\nSEEN = os.environ['SEEN_KEY']\n",
    "quoll/settings/production.example.py": "from .base import *\nWORD = os.environ['EXAMPLE_WORD']\n",
    "quoll/wsgi.example.py": WSGI.format("quoll.settings.production"),
    "quoll/wsgi.py": WSGI.format("quoll.settings.production"),
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {
    "settings_module": "quoll.settings.production",
    "wsgi_application": "quoll.wsgi.application",
    "environment": "BOSS\nBOTH_AT\nPOST_OTHER\nSECRET_KEY\nSEEN_KEY\nSTRIPE_KEY",
    "environment_later": "MAILGUN_KEY\nPOST_NAME\nPOST_URL\nPOST_WORD\nTWICE_NAMED",
    "environment_off": "POST_FROM=root@localhost\nPOST_NAME@=\nPOST_PORT=25\nPOST_TO=\n"
    "POST_URL@=smtp://localhost:25\nPOST_USE_TLS=0\nPOST_WORD@=",
    "environment_as": "STORE_ROLE<DB_USER\nSTORE_WORD<DB_PASSWORD",
}
NAMES = ("quoll",)
