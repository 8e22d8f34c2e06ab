"""Nothing lists Django but the documentation's list, which the templates contradict; bytecode says which Python."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "manage.py": MANAGE.format("potoroo.settings"),
    "potoroo/__init__.py": "",
    "potoroo/settings.py": SETTINGS.replace("wombat", "potoroo"),
    "potoroo/__pycache__/urls.cpython-39.pyc": "",
    "potoroo/__pycache__/urls.cpython-38.pyc": "",
    "potoroo/templates/base.html": "{% load staticfiles %}\n",
    "setup.py": "from setuptools import setup\nsetup(install_requires=['pillow'])\n",
    "docs/requirements.txt": "django==3.0.4\n",
}
EXPECTED = {"installer": "setup", "django_version": "<3.0", "python_version": "3.9"}
NAMES = ("potoroo",)
