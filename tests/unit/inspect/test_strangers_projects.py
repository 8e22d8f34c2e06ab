"""Small projects as strangers have them: where they are, what they ask for, what is said of them or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build.inspect.__main__ import report
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import MANAGE, SETTINGS
from tests.unit.inspect.strangers import LIST, Stranger, project, understood
from tests.unit.inspect.test_cases import differences

CONDA = """\
name: shop
channels: [conda-forge]
dependencies:
  - python=3.9.7=h12debd9_1   # as exported
  - django=4.2
  - conda-forge::pillow=10.0.1=py39h444a776_0
  - libpq=15
  - pip:
      - whitenoise==6.5.0
      - -r more.txt
  - requests >=2
prefix: /home/x
"""
STRANGERS = {
    "conda": Stranger(
        {**project(), "environment.yml": CONDA},
        {
            "installer": "none",
            "requirements_files": "environment.yml",
            "packages": "django==4.2.*\npillow==10.0.1\nwhitenoise==6.5.0\nrequests>=2",
            "django_version": "4.2.*",
            "python_version": "3.9.7",
        },
        said="not installed, unless the code imports them: libpq",
    ),
    "a list beside conda's": Stranger({**project(), **LIST, "environment.yml": CONDA}, {"installer": "requirements"}),
    "a site that tries out the repository's own package": Stranger(
        {
            **project(root="sandbox/"),
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['django==4.2.7']\n",
            "src/shop/__init__.py": "",
        },
        {"project_root": "sandbox", "additional_python_path_dirs": "src"},
    ),
    "a project whose package is called src": Stranger(
        {
            **project(name="src"),
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['django==4.2.7']\n",
            "src/shop/__init__.py": "",
        },
        {"settings_module": "src.settings", "base_python_package": "src", "wsgi_application": "src.wsgi.application"},
    ),
    "a folder src without __init__.py from which modules are imported by that name": Stranger(
        {
            **{file: text for file, text in project(name="src").items() if file != "src/__init__.py"},
            "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['django==4.2.7']\n",
            "src/shop/__init__.py": "",
        },
        {"settings_module": "src.settings", "base_python_package": "src"},
    ),
    "startproject's template": Stranger(
        {
            **LIST,
            "manage.py": MANAGE.format("{{ project_name }}.settings"),
            "project_name/settings.py": SETTINGS.replace("wombat", "{{ project_name }}"),
        },
        error=("repo.template", "manage.py:3"),
    ),
    "cookiecutter's template": Stranger(
        {**project(root="{{cookiecutter.slug}}/"), "requirements.txt": "cookiecutter\n"}, error=("repo.template", "")
    ),
    "a template's files": Stranger({"manage.py-tpl": "", "requirements.txt": "django"}, error=("repo.template", "")),
    "a project beside a template": Stranger(
        {**LIST, **project(root="site/"), **project(root="{{cookiecutter.slug}}/")}, {"project_root": "site"}
    ),
    "an image with all extras": Stranger(
        {
            **project(),
            "pyproject.toml": "[project]\nname = 'bilby'\nversion = '1'\ndependencies = ['django==5.2']\n"
            "[project.optional-dependencies]\nredis = ['redis']\nmysql = ['mysqlclient']\ndocs = ['sphinx']\n",
            "Dockerfile": "FROM python:3.12\nRUN uv sync --locked --all-extras\n",
        },
        {"extras": "extra redis"},
    ),
    "several projects": Stranger(
        {**LIST, **project(root="api/", name="numbat"), **project(root="blog/site/"), **project(root="tests/app/")},
        {"project_root": "api", "settings_module": "numbat.settings"},
    ),
    "several projects, one chosen": Stranger(
        {**LIST, **project(root="api/", name="numbat"), **project(root="blog/site/")},
        {"project_root": "blog/site", "settings_module": "bilby.settings"},
        chosen="blog",
    ),
    "a chosen folder without one": Stranger(
        {**LIST, **project(root="api/")}, {"project_root": "api"}, said="docs holds no Django project", chosen="docs"
    ),
    "a committed virtualenv": Stranger(
        {
            **project(),
            "env/lib/python3.6/site-packages/django/conf/project_template/manage.py-tpl": "",
            "env/lib/python3.6/site-packages/pip/requirements.txt": "django==1.8\n",
            "env/pyvenv.cfg": "",
            "env/manage.py": MANAGE.format("x"),
            "bilby/__pycache__/settings.cpython-310.pyc": b"\0",
            **LIST,
        },
        {"project_root": "", "django_version": "4.2.7", "python_version": "3.10"},
    ),
    "an old list beside a newer lock": Stranger(
        {
            **project(),
            "requirements.txt": "django==2.2\n",
            "pyproject.toml": '[project]\ndependencies = ["django>=5"]\nrequires-python = ">=3.12"\n',
            "uv.lock": '[[package]]\nname = "django"\nversion = "5.2.1"\n',
        },
        {
            "installer": "uv",
            "requirements_files": "pyproject.toml",
            "django_version": "5.2.1",
            "python_version": ">=3.12",
        },
    ),
    "no list": Stranger(
        {**project("import rest_framework, unheard_of", header='"""Generated using Django 3.2.9."""')},
        {"packages": "django\ndjangorestframework", "django_version": "==3.2.*", "python_version": ">=3.6,<3.11"},
    ),
    "no list, and a Django that runs nowhere any more": Stranger(
        {**project(header="# https://docs.djangoproject.com/en/1.6/topics/settings/")},
        {"packages": "django", "django_version": "==1.8.*", "python_version": ">=3.2,<3.7"},
    ),
    "a Django that the newest Python of its series can't import": Stranger(
        {**project(), "requirements.txt": "django==1.11.16\n"},
        {"django_version": "1.11.16", "python_version": ">=3.4,<3.7"},
    ),
    "a manage.py that is not Django's": Stranger(
        {**LIST, "manage.py": "import os; os.system('rm')\n", **project(root="web/")},
        {"project_root": "web"},
        said="manage.py is not Django's manage.py",
    ),
    "Django chosen by the Python": Stranger(
        {
            **project(),
            ".python-version": "\ufeff3.12\n3.11\n",
            "requirements.txt": "django==4.2; python_version<'3.10'\ndjango==5.2; python_version>='3.10'\n",
        },
        {"django_version": "5.2", "python_version": "3.12"},
    ),
    "a Python declared twice": Stranger(
        {**project(), **LIST, "runtime.txt": "python-3.11.4\n", "Dockerfile": "FROM python:3.9-slim\n"},
        {"python_version": "3.11.4"},
        said="Python 3.11.4 is taken, runtime.txt declares it; Dockerfile:1 says 3.9.",
    ),
    "Python 2 by its syntax": Stranger({**LIST, **project("print 'x'")}, error=("repo.python2", "bilby/settings.py:")),
    "Python 2 in an app": Stranger(
        {
            **LIST,
            **project("INSTALLED_APPS += ['den.apps.DenConfig']"),
            "den/__init__.py": "",
            "den/views.py": "def index(request):\n    print request\n",
        },
        error=("repo.python2", "den/views.py:2  print request"),
    ),
    "Python 2 in what nothing loads": Stranger(
        {**LIST, **project(), "den/__init__.py": "", "den/views.py": "print 'x'\n"},
        {"settings_module": "bilby.settings"},
    ),
    "Channels beside startproject's asgi.py": Stranger(
        {
            **LIST,
            **project("ASGI_APPLICATION = 'bilby.routing.application'"),
            "bilby/asgi.py": "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n",
            "bilby/routing.py": "application = ProtocolTypeRouter({'websocket': None})\n",
        },
        {"asgi_application": "bilby.routing.application"},
    ),
    "Channels that moved to asgi.py": Stranger(
        {
            **LIST,
            **project("ASGI_APPLICATION = 'bilby.routing.application'"),
            "bilby/asgi.py": "application = ProtocolTypeRouter({'http': get_asgi_application()})\n",
            "bilby/routing.py": "application = None\n",
        },
        {"asgi_application": "bilby.asgi.application"},
    ),
    "Channels 2, whose asgi.py asks the settings": Stranger(
        {
            **LIST,
            **project("ASGI_APPLICATION = 'bilby.routing.application'"),
            "bilby/asgi.py": "django.setup()\napplication = get_default_application()\n",
            "bilby/routing.py": "application = ProtocolTypeRouter({'websocket': None})\n",
        },
        {"asgi_application": "bilby.asgi.application"},
    ),
    "another project below": Stranger(
        {**LIST, **project(), **project(root="inner/", name="numbat")},
        {"project_root": "", "settings_module": "bilby.settings", "additional_python_path_dirs": ""},
    ),
    "a settings package that adds to a module of its own": Stranger(
        {
            **LIST,
            "manage.py": MANAGE.format("bilby.settings"),
            "bilby/settings/__init__.py": "from .settings import *\nfrom .storage import *\n",
            "bilby/settings/settings.py": f"{SETTINGS}\nDOG = os.environ['DOG']\n",
            "bilby/settings/storage.py": "import os\nUSE_S3 = os.environ['USE_S3']\n",
        },
        {"settings_module": "bilby.settings", "environment": "DOG\nUSE_S3", "environment_later": ""},
    ),
    "its package was moved into an app": Stranger(
        {
            **LIST,
            **{path.replace("shop/manage", "manage"): text for path, text in project(root="shop/").items()},
            "shop/__init__.py": "",
        },
        {"project_root": "", "settings_module": "bilby.settings", "additional_python_path_dirs": "shop"},
    ),
    "code that calls the project by its folder": Stranger(
        {
            **LIST,
            **project(root="server/"),
            "server/shop/views.py": "from server.shop.prices import price\n",
            "server/shop/prices.py": "price = 1\n",
        },
        {"project_root": "server", "settings_module": "bilby.settings", "additional_python_path_dirs": "."},
    ),
    "tests alone that call it so": Stranger(
        {
            **LIST,
            **project(root="server/"),
            "server/shop/tests.py": "from server.shop.prices import price\n",
            "server/shop/views.py": "from server.shop.gone import price\nfrom server import shop\n",
            "server/shop/prices.py": "price = 1\n",
        },
        {"project_root": "server", "additional_python_path_dirs": ""},
    ),
    "what another project of the repository runs": Stranger(
        {
            **LIST,
            **project(),
            **project(root="other/project/", name="numbat"),
            "other/project/Procfile": "web: gunicorn numbat.wsgi\nworker: celery -A numbat worker\nrelease: python "
            "manage.py seed",
            "other/project/runtime.txt": "python-3.9.1\n",
        },
        {"project_root": "", "processes": "", "hooks": "", "python_version": ">=3.8,<3.13"},
    ),
    "tests of a Python before its Django": Stranger(
        {**project(), "requirements.txt": "django==6.0.4\n", ".travis.yml": "python:\n  - '3.8'\n"},
        {"python_version": ">=3.12,<3.15"},
    ),
    "Python 3.14 by its syntax": Stranger(
        {
            **LIST,
            **project("try:\n    import here\nexcept ImportError, AttributeError:\n    here = None"),
            ".python-version": "3.14",
        },
        {"python_version": "3.14", "settings_module": "bilby.settings"},
    ),
    "a list in UTF-16 in a folder": Stranger(
        {**project(root="src/"), "requirements/production.txt": "django==4.1\r\n".encode("utf-16")},
        {"project_root": "src", "requirements_files": "requirements/production.txt", "django_version": "4.1"},
    ),
}


@pytest.mark.parametrize("one", STRANGERS.values(), ids=STRANGERS)
def test_a_strangers_project_is_understood(one: Stranger, tmp_path: Path) -> None:
    understood(one, tmp_path)


def test_settings_whose_name_is_put_together_are_no_module_called_f(tmp_path: Path) -> None:
    line = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', f'bilby.{which}')\n"
    files = {**project(), **LIST, "bilby/wsgi.py": f"import os\nwhich = 'settings'\n{line}"}
    guesses = report(write_tree(tmp_path, files))["guesses"]
    assert [one["value"] for one in guesses if one["field"] == "settings_module"] == ["bilby.settings"]


def test_what_a_helper_reads_with_a_default_is_seen_where_it_is_called(tmp_path: Path) -> None:
    tools = "import os\ndef get_env(name, default=''):\n    return os.environ.get(name, default)\n"
    files = {**project("from bilby.tools import get_env\nPORT = get_env('REDIS_PORT', '6380')"), **LIST}
    guesses = report(write_tree(tmp_path, {**files, "bilby/tools.py": tools}))["guesses"]
    assert "REDIS_PORT" in [one["value"] for one in guesses if one["field"] == "environment"]


def test_a_package_without_toml_is_not_called_broken_toml(tmp_path: Path) -> None:
    files = {"setup.cfg": "[metadata]\nname = bilby\n[options]\ninstall_requires =\n    django==5.2\n", **project()}
    files["setup.py"] = "from setuptools import setup\nsetup(install_requires=['django==5.2'])\n"
    assert report(write_tree(tmp_path, files))["messages"] == []


def test_links_are_followed_inside_and_said_where_they_lead_out(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", {**project(), "deploy/list.txt": "django==4.2.7\n"})
    (root / "requirements.txt").symlink_to("deploy/list.txt")
    (root / "Procfile").symlink_to("/etc/hostname")
    assert differences(root, {"requirements_files": "requirements.txt", "django_version": "4.2.7"}) == {}
    assert "Procfile is a link out of the repository: nothing was looked for behind it." in report(root)["messages"]
