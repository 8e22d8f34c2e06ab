"""What startproject makes, with pinned requirements and a Procfile."""

MANAGE = """\
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
WSGI = """\
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")
application = get_wsgi_application()
"""
ASGI = WSGI.replace("wsgi", "asgi")
SETTINGS = """\
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "django-insecure-x"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.staticfiles", "wombat"]
MIDDLEWARE = []
ROOT_URLCONF = "wombat.urls"
WSGI_APPLICATION = "wombat.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
MEDIA_URL = "/media/"
MEDIA_ROOT = os.path.join(BASE_DIR, "uploads")
"""

FILES = {
    "manage.py": MANAGE.format("wombat.settings"),
    "README.md": "[![badge](https://x)](y)\n\n# The **Wombat** shop\n",
    "wombat/__init__.py": "",
    "wombat/settings.py": SETTINGS,
    "wombat/urls.py": "urlpatterns = []\n",
    "wombat/wsgi.py": WSGI.format("wombat.settings"),
    "wombat/asgi.py": ASGI.format("wombat.settings"),
    "requirements.txt": "# pinned\nDjango==5.2.7\n",
    "Procfile": "release: python manage.py migrate\nweb: gunicorn wombat.wsgi:application --workers 2\n",
    ".python-version": "3.12\n",
    "uploads/first.jpg": "x",
}
EXPECTED = {
    "project_root": "",
    "settings_module": "wombat.settings",
    "base_python_package": "wombat",
    "wsgi_application": "wombat.wsgi.application",
    "asgi_application": "wombat.asgi.application",
    "installer": "requirements",
    "requirements_files": "requirements.txt",
    "django_version": "5.2.7",
    "python_version": "3.12",
    "database_engines": "sqlite3",
    "environment": "",
    "static_url": "/static/",
    "static_root": "collected",
    "media_root": "uploads",
    "site_media_map": "uploads /media/",
    "processes": "web: gunicorn wombat.wsgi:application --workers 2",
    "title": "The Wombat shop",
}
NAMES = ("wombat", "uploads", "collected")
