"""A Pipfile and its lock beside manage.py in a folder of sources."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "src/manage.py": MANAGE.format("emu.settings"),
    "src/emu/__init__.py": "",
    "src/emu/settings.py": SETTINGS.replace("wombat", "emu"),
    "Pipfile": '[packages]\ndjango = "*"\n[requires]\npython_version = "3.7"\n',
    "Pipfile.lock": '{"default": {"django": {"version": "==3.1"}}}',
}
EXPECTED = {
    "project_root": "src",
    "installer": "pipenv",
    "requirements_files": "Pipfile",
    "packages": "django==3.1",
    "django_version": "3.1",
    "python_version": "3.7",
}
NAMES = ("emu",)
