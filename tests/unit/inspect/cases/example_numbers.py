"""Settings that fail without a page's size and a switch, which the example file has: it is no question for anybody."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("dibbler.settings"),
    "dibbler/__init__.py": "",
    "dibbler/settings.py": (
        "import os\nimport environ\nenv = environ.Env()\n"
        + SETTINGS.replace("wombat", "dibbler")
        + "PAGE = env.int('PAGE_SIZE')\nDAYS = float(os.environ['KEPT_DAYS'])\nOPEN = env.bool('CORS_ALLOW_ALL')\n"
        + "GUARDED = env.bool('LOGIN_REQUIRED')\nRATE = env.int('RATE_LIMIT')\n"
        + "BETA = env.bool('BETA_PAGES')\nCHAT = env.int('CHAT_ID')\nTOKEN = env('API_TOKEN')\nSMS = env.int('SMS_PORT')\n"
    ),
    "dibbler/wsgi.py": WSGI.format("dibbler.settings"),
    ".env.example": (
        "# entries on a page\nPAGE_SIZE=20\nexport KEPT_DAYS = 1.5\nCORS_ALLOW_ALL=False\nBETA_PAGES=True\n"
        "LOGIN_REQUIRED=False\nRATE_LIMIT=30\nCHAT_ID=123456\nAPI_TOKEN=0\nSMS_PORT=2525\n"
    ),
    "requirements.txt": "Django==5.1.6\ndjango-environ\n",
}
EXPECTED = {
    "settings_module": "dibbler.settings",
    "environment": "API_TOKEN\nBETA_PAGES\nCHAT_ID\nLOGIN_REQUIRED\nSMS_PORT",
    "environment_off": "CORS_ALLOW_ALL=False\nKEPT_DAYS=1.5\nPAGE_SIZE=20\nRATE_LIMIT=30",
}
NAMES = ("dibbler",)
