"""The panel for browsers, as an ASGI application that serves its static files too (on a platform nginx does)."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dz2.settings")

application = ASGIStaticFilesHandler(get_asgi_application())
