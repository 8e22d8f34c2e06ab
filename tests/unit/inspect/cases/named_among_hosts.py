"""Settings that allow the site by variables of any name, one of which can't be empty."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("bettong.settings"),
    "bettong/__init__.py": "",
    "bettong/settings.py": (
        "import os\n"
        + SETTINGS.replace("wombat", "bettong")
        + "ALLOWED_HOSTS = ['localhost', os.getenv('TUNNEL'), os.getenv('ELSEWHERE_HOSTNAME'), os.getenv('OFFICE', 'office')]\n"
        + "CSRF_TRUSTED_ORIGINS = ['https://' + os.getenv('TUNNEL'), os.environ['PARTNER']]\n"
        + "CSRF_TRUSTED_ORIGINS += [f'https://{os.environ[\"SHOWN_AS\"]}']\n"
        + "ALLOWED_HOSTS += os.environ['MORE_NAMES'].split(',')\n"
    ),
    "bettong/wsgi.py": WSGI.format("bettong.settings"),
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {
    "settings_module": "bettong.settings",
    "environment": "PARTNER",
    "environment_as": "MORE_NAMES<ALLOWED_HOSTS\nSHOWN_AS<HOSTNAME\nTUNNEL<HOSTNAME",
}
NAMES = ("bettong",)
