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
        + "E = int(os.environ.get('DEFAULT_DEBUG', 0))\n"
    ),
    "quokka/wsgi.py": WSGI.format("quokka.settings"),
    "requirements.txt": "Django==5.1.6\npython-decouple\ndjango-environ\n",
}
EXPECTED = {
    "environment": "CAST_DEBUG\nJSON_DEBUG\nLEVEL_DEBUG\nNUMBER_DEBUG\nPARSED_DEBUG\nTWICE_DEBUG",
    "environment_off": "ASKED_DEBUG\nBARE_DEBUG\nDEBUG\nENV_DEBUG\nGOT_DEBUG\nLOWERED_DEBUG\nTEXT_DEBUG\nTRUE_DEBUG",
}
NAMES = ("quokka",)
