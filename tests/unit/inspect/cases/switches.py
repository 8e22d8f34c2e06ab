"""Switches of debugging without a default: those that take an empty value as off, and those that need one of a form."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("quokka.settings"),
    "quokka/__init__.py": "",
    "quokka/settings.py": (
        "import os\nimport environ\nfrom decouple import config\nenv = environ.Env()\n"
        + SETTINGS.replace("wombat", "quokka")
        + "DEBUG = config('DEBUG', cast=bool)\n"
        + "A = config('BARE_DEBUG'), env.bool('ENV_DEBUG'), os.environ['TEXT_DEBUG'] == 'True'\n"
        + "B = os.environ['LOWERED_DEBUG'].lower() in ('1', 'true'), bool(os.environ['TRUE_DEBUG'])\n"
        + "C = int(os.environ['NUMBER_DEBUG']), config('CAST_DEBUG', cast=int), env.int('LEVEL_DEBUG')\n"
        + "D = config('TWICE_DEBUG', cast=bool), int(os.environ.get('TWICE_DEBUG', '0'))\n"
        + "G = os.environ.get('GOT_DEBUG').lower() in ('true', '1'), os.getenv('ASKED_DEBUG').strip() == 'on'\n"
        + "H = strtobool(os.environ.get('PARSED_DEBUG')), json.loads(os.environ['JSON_DEBUG'].lower())\n"
        + "I = os.environ['UNLESS_DEBUG'] != 'False', os.environ['OUTSIDE_DEBUG'] not in ('0', 'false')\n"
        + "J = not os.environ['TURNED_DEBUG'], not os.environ['NO_DEBUG'], os.environ['WITHIN_DEBUG'] in 'True1'\n"
        + "K = {'on': True, 'off': False}[os.environ['KEYED_DEBUG']], dict(debug=os.environ['HANDED_DEBUG'])\n"
        + "L = False if os.environ['FALSE_DEBUG'] == 'False' else True, True if config('IF_DEBUG') == 'on' else False\n"
        + "M = bool(env('DEBUG_MODE')), os.environ['QUOKKA_SITE_DEBUG'] == 'True', os.environ['DEBUG_VALUE'] == '1'\n"
        + "N = not config('WITHOUT_DEBUG_MODE', cast=bool), bool(os.environ['SITE_NO_DEBUG'])\n"
        + "def later():\n    return os.environ['LATER_DEBUG'] == '1'\n"
        + "E = int(os.environ.get('DEFAULT_DEBUG', 0))\n"
    ),
    "quokka/wsgi.py": WSGI.format("quokka.settings"),
    "requirements.txt": "Django==5.1.6\npython-decouple\ndjango-environ\n",
}
EXPECTED = {
    "environment": "CAST_DEBUG\nFALSE_DEBUG\nHANDED_DEBUG\nJSON_DEBUG\nKEYED_DEBUG\nLEVEL_DEBUG\nNO_DEBUG\nNUMBER_DEBUG\n"
    "OUTSIDE_DEBUG\nPARSED_DEBUG\nSITE_NO_DEBUG\nTURNED_DEBUG\nTWICE_DEBUG\nUNLESS_DEBUG\nWITHIN_DEBUG\nWITHOUT_DEBUG_MODE",
    "environment_off": "ASKED_DEBUG\nBARE_DEBUG\nDEBUG\nDEBUG_MODE\nDEBUG_VALUE\nENV_DEBUG\nGOT_DEBUG\nIF_DEBUG\nLATER_DEBUG\nLOWERED_DEBUG\n"
    "QUOKKA_SITE_DEBUG\nTEXT_DEBUG\nTRUE_DEBUG",
    "environment_later": "",
}
NAMES = ("quokka",)
