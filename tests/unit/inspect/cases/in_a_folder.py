"""The project lies in a folder, its apps in another that manage.py puts on the path; lists are above and misspelled."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "README.rst": "Numbat\n======\n",
    "requirments.txt": "Django~=3.2.1\nredis\ncelery==5.4\n".encode("utf-16"),
    "server/manage.py": "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'plugins'))\n"
    + MANAGE.format("numbat.settings"),
    "server/numbat/__init__.py": "",
    "server/numbat/settings.py": SETTINGS.replace("wombat", "numbat")
    + "CACHES = {'default': {'BACKEND': 'django_redis.cache.RedisCache'}}\nimport os\nX = os.getenv('MAYBE')\n",
    "server/numbat/wsgi.py": WSGI.format("numbat.settings"),
    "server/numbat/celery.py": "from celery import Celery\napp = Celery('numbat')\n",
    "server/plugins/cart/__init__.py": "",
    "client/manage.py": "print('not Django')\n",
    "docs/example/manage.py": MANAGE.format("sample.settings"),
    "docs/example/sample/settings.py": SETTINGS,
    "runtime.txt": "python-3.9.18\n",
}
EXPECTED = {
    "project_root": "server",
    "settings_module": "numbat.settings",
    "wsgi_application": "numbat.wsgi.application",
    "additional_python_path_dirs": "server/plugins",
    "requirements_files": "requirments.txt",
    "django_version": "~=3.2.1",
    "python_version": "3.9.18",
    "services": "celery\nredis",
    "processes": "worker: celery -A numbat worker",
    "title": "Numbat",
}
NAMES = ("numbat", "server", "plugins", "client")
