"""Packages that the site imports whenever it starts: those of its apps and settings, without what hangs on anything."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("dunnart.settings"),
    "dunnart/__init__.py": "",
    "dunnart/settings.py": (
        "import os\nimport decouple\nfrom datetime import timedelta\n"
        + SETTINGS.replace("wombat", "dunnart")
        + "PARTS = None\nSITE_APPS = ['crispy_forms', 'stall.apps.StallConfig']\nINSTALLED_APPS += SITE_APPS\n"
        + "MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']\n"
        + "if DEBUG:\n    INSTALLED_APPS += ['debug_toolbar']\n"
        + "try:\n    import sentry_sdk\nexcept ImportError:\n    pass\n"
    ),
    "dunnart/wsgi.py": WSGI.format("dunnart.settings"),
    "stall/__init__.py": "",
    "stall/apps.py": "",
    "stall/views.py": "import qrcode.image\nfrom . import helping\nfrom stall import helping\nfrom django import http\n",
    "stall/helping.py": "import numpy\n",
    "stall/tests.py": "import selenium\n",
    "static/crispy_forms/uni_form.css": "",
    "requirements.txt": "Django==5.1.6\n",
}
EXPECTED = {"imported": "crispy_forms\ndecouple\nqrcode\nwhitenoise"}
NAMES = ("dunnart", "stall")
