"""Switches of debugging without a default: those that take an empty value as off, those that need a text of a form,
and those of which no text is known to be right."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("quokka.settings"),
    "quokka/__init__.py": "",
    "quokka/settings.py": (
        "import os\nfrom decouple import config\nfrom .reading import env\n"
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
        + "MAIN_DEBUG = os.environ['MAIN_DEBUG'] != 'False'\n"
        + "MAP_DEBUG = {'on': True, 'off': False}[os.environ['MAP_DEBUG']]\n"
        + "def wanted(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        raise SystemExit(name)\n"
        + "O = bool(int(wanted('OWN_DEBUG'))), wanted('HELPED_DEBUG') == '1', other('OTHER_DEBUG')\n"
        + "P = strtobool(os.environ['MIXED_DEBUG']), bool(os.environ['MIXED_DEBUG'])\n"
        + "THERE_DEBUG = 'THERE_DEBUG' in os.environ\nQ = int(os.environ['THERE_DEBUG'])\n"
        + "T = os.environ['ASIDE_DEBUG'] == 'production', False if os.environ['SECURE_DEBUG'] else True\n"
        + "S = config('small_debug', cast=strtobool)\n"
        + "R = ast.literal_eval(os.environ['EVAL_DEBUG'].title()), json.loads(os.environ['LOAD_DEBUG'])['on']\n"
    ),
    "quokka/reading.py": "import environ\nenv = environ.Env()\n",
    "quokka/wsgi.py": WSGI.format("quokka.settings"),
    "requirements.txt": "Django==5.1.6\npython-decouple\ndjango-environ\n",
}
EXPECTED = {
    "environment": "ASIDE_DEBUG\nFALSE_DEBUG\nHANDED_DEBUG\nKEYED_DEBUG\nLOAD_DEBUG\nMIXED_DEBUG\nNO_DEBUG\nOUTSIDE_DEBUG\nSECURE_DEBUG\nSITE_NO_DEBUG\n"
    "THERE_DEBUG\nTURNED_DEBUG\nUNLESS_DEBUG\nWITHOUT_DEBUG_MODE",
    "environment_off": "ASKED_DEBUG=\nBARE_DEBUG=\nCAST_DEBUG=0\nDEBUG=\nDEBUG_MODE=\nDEBUG_VALUE=\nENV_DEBUG=\nEVAL_DEBUG=0\n"
    "GOT_DEBUG=\nHELPED_DEBUG=\nIF_DEBUG=\nJSON_DEBUG=0\nLATER_DEBUG=\nLEVEL_DEBUG=0\nLOWERED_DEBUG=\nMAIN_DEBUG=False\n"
    "MAP_DEBUG=off\nNUMBER_DEBUG=0\nOWN_DEBUG=0\nPARSED_DEBUG=0\nQUOKKA_SITE_DEBUG=\nTEXT_DEBUG=\nTRUE_DEBUG=\nTWICE_DEBUG=0\nWITHIN_DEBUG=0\nsmall_debug=0",
    "environment_later": "",
}
NAMES = ("quokka",)
