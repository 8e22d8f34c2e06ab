"""A package with the site that tries it out: what that needs beside it is among the extras of setup.cfg and setup.py."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS, WSGI

FILES = {
    "manage.py": MANAGE.format("numbat.settings"),
    "numbat/__init__.py": "",
    "numbat/settings.py": SETTINGS.replace("wombat", "numbat"),
    "numbat/wsgi.py": WSGI.format("numbat.settings"),
    "setup.cfg": (
        "[metadata]\nname = numbat\n[options]\ninstall_requires =\n    django==5.1\n    # beside it\n    pillow>=8\n"
        "[options.extras_require]\ndev =\n    diskette>=0.3\n    pillow>=9\nsandbox = drf-redesign\n"
    ),
    "setup.py": (
        "from setuptools import setup\nEXTRAS = {'docs': ['furo'], 'all': WHATEVER}\n"
        "setup(extras_require=EXTRAS, tests_require=['nose'])\n"
    ),
}
EXPECTED = {
    "requirements_files": "setup.cfg",
    "django_version": "5.1",
    "spare_packages": "diskette>=0.3\ndrf-redesign\nfuro",
}
NAMES = ("numbat",)
