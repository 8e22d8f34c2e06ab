"""An Env of django-environ whose defaults are handed over as one dictionary: none of its names is needed."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("bilby.settings"),
    "bilby/__init__.py": "",
    "bilby/audit.py": "DEFAULTS = {'AUDIT_KEPT': (int, 30)}\n",
    "bilby/settings.py": (
        "import environ\nfrom bilby.audit import DEFAULTS\nenv = environ.FileAwareEnv(AUDIT_NAME=(str, ''), **DEFAULTS)\n"
        + SETTINGS.replace("wombat", "bilby")
        + "KEPT = env('AUDIT_KEPT'), env.str('AUDIT_NAME')\n"
    ),
    "bilby/wsgi.py": WSGI.format("bilby.settings"),
    "requirements.txt": "Django==5.1.6\ndjango-environ\n",
}
EXPECTED = {"environment": ""}
NAMES = ("bilby",)
