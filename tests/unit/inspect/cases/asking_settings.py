"""Production settings that only their owner can start, beside ones that start as they are; a view that fails without a
variable of its own."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("numbat.settings"),
    "numbat/__init__.py": "",
    "numbat/settings.py": SETTINGS.replace("wombat", "numbat"),
    "numbat/production.py": (
        "import os\nfrom .settings import *\nCACHES = {'default': {'LOCATION': os.environ['CLOUD_CACHE']}}\n"
        "DATABASES = {'default': {'HOST': os.environ['CLOUD_POSTGRESQL_HOST']}}\n"
    ),
    "numbat/nearby.py": "import os\nfrom .settings import *\nNEARBY = os.environ['NEARBY_HOST']\n",
    "numbat/views.py": "import os\nfrom django.http import HttpResponse\ndef index(request):\n"
    "    return HttpResponse(os.environ['LEVY_RATE'] + os.environ['DATABASE_URL'] + os.environ.get('LEVY_NOTE', ''))\n",
    "numbat/wsgi.py": WSGI.format("numbat.settings"),
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {
    "settings_module": "numbat.settings",
    "environment": "",
    "environment_later": "LEVY_RATE",
    "django_version": "5.1.6",
}
NAMES = ("numbat",)
