"""The panel and API for an ASGI server: ``uvicorn dz2.asgi:application``."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dz2.settings")

application = get_asgi_application()
