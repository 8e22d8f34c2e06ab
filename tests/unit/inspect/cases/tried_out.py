"""A site in a folder of a package's repository, to try it out: its recipe installs the extra for tests, and the site
needs what stands there."""

from tests.unit.inspect.cases.plain import MANAGE, SETTINGS

FILES = {
    "pyproject.toml": '[project]\nname = "bilby"\nversion = "1"\ndependencies = ["django>=4.2"]\n'
    '[project.optional-dependencies]\ntest = ["Whoosh"]\ndocs = ["sphinx"]\nproduction = ["redis"]\nspare = ["rich"]\n',
    "Makefile": "install:\n\tpip install -e .[test] --upgrade\n",
    "src/bilby/__init__.py": "",
    "playground/manage.py": MANAGE.format("settings"),
    "playground/settings.py": SETTINGS.replace("wombat.", ""),
}
EXPECTED = {
    "project_root": "playground",
    "installer": "setup",
    "requirements_files": "pyproject.toml",
    "additional_python_path_dirs": "src",
    "spare_packages": "redis\nrich\nsphinx\nwhoosh",
    "extras": "extra test\nextra production",
}
NAMES = ("bilby", "playground", "spare")
