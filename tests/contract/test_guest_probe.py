"""The probe finds what works by trying it, and tells what does not with the project's own line."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dz.errors import PlatformError, UserError
from dz.run import check
from dz.tasklib.appserver import blame
from dz.tasklib.build import verdict
from tests.guests import GUEST, SETTINGS, URLS, Site, environment, everywhere

WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
SLEEPER = "import time\ntime.sleep(600)\n"


@dataclass(frozen=True)
class Broken:
    """One way to break a project: its files, and what must be said."""

    id: str
    where: str
    says: str
    files: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    spec: dict[str, float] = field(default_factory=dict)


BROKEN = [
    Broken("settings.variable-missing", "site_settings.py:6  KEY = os.environ['STRIPE_API_KEY']", "STRIPE_API_KEY",
           settings="import os\nKEY = os.environ['STRIPE_API_KEY']"),
    Broken("settings.variable-missing", "site_settings.py:6  KEY = os.environ.get('MAILER').split(',')", "MAILER",
           settings="import os\nKEY = os.environ.get('MAILER').split(',')"),
    Broken("settings.variable-missing", "site_settings.py:7  LOGS = os.path.join(FOLDER, 'logs')", "SHOP_FOLDER",
           settings="import os\nFOLDER = os.environ.get('SHOP_FOLDER')\nLOGS = os.path.join(FOLDER, 'logs')"),
    Broken("settings.variable-missing", "site_settings.py:6  A = need('TOKEN_A')",
           "TOKEN_A", settings="from helper import need\nA = need('TOKEN_A')",
           files={"helper.py": "import os\nfrom django.core.exceptions import ImproperlyConfigured\ndef need(n):\n"
                               "    try: return os.environ[n]\n    except KeyError: raise ImproperlyConfigured('Set the %s environment variable' % n)\n"}),
    Broken("settings.variable-missing", "site_settings.py:5  raise ValueError('Please set required TOKEN_B variable.')",
           "TOKEN_B", settings="raise ValueError('Please set required TOKEN_B variable.')"),
    Broken("settings.syntax-error", "site_settings.py:5  x = = 1", "site_settings.py", settings="x = = 1"),
    Broken("settings.import-failed", "site_settings.py:5  x = 1 / 0", "ZeroDivisionError", settings="x = 1 / 0"),
    Broken("settings.module-missing", "site_settings.py:5  import no_such_thing", "no_such_thing",
           settings="import no_such_thing"),
    Broken("settings.module-missing", "site_settings.py:8  from peek.production_values import *", "peek.production_values",
           settings="try:\n    from peek.local_values import *\nexcept ImportError:\n    from peek.production_values import *"),
    Broken("settings.library-missing", "peek/models.py:2  raise ImproperlyConfigured('Could not find the GDAL library')",
           "GDAL", files={"peek/models.py": "from django.core.exceptions import ImproperlyConfigured\n"
                          "raise ImproperlyConfigured('Could not find the GDAL library')\n"}),
    Broken("settings.file-missing", "site_settings.py:5  KEYS = open('keys.json').read()", "opens keys.json while",
           settings="KEYS = open('keys.json').read()"),
    Broken("settings.file-missing", "site_settings.py:5  SECRET_KEY = __import__('json').load(open('keys.json'))['KEY']",
           "opens keys.json while", settings="SECRET_KEY = __import__('json').load(open('keys.json'))['KEY']"),
    Broken("settings.file-missing", "site_settings.py:5  raise OSError('No such file: peek/mine.py')",
           "opens peek/mine.py while", settings="raise OSError('No such file: peek/mine.py')"),
    Broken("settings.file-missing", "peek/models.py:1  open('/etc/nowhere/keys.json')", "opens /etc/nowhere/keys.json",
           files={"peek/models.py": "open('/etc/nowhere/keys.json')\n"}),
    Broken("settings.import-failed", "site_settings.py:5  import subprocess; subprocess.run(['no-such-program'])",
           "no-such-program", settings="import subprocess; subprocess.run(['no-such-program'])"),
    Broken("app.setup-failed", "peek/models.py:1  raise RuntimeError('models')", "models",
           files={"peek/models.py": "raise RuntimeError('models')\n"}),
    Broken("app.urls-failed", "site_urls.py:2  undefined_name", "undefined_name",
           files={"site_urls.py": "urlpatterns = []\nundefined_name\n"}),
    Broken("app.wsgi-failed", "site_wsgi.py:1  raise ValueError('wsgi')", "wsgi",
           files={"site_wsgi.py": "raise ValueError('wsgi')\n"}),
    Broken("settings.no-answer", "", "its process ended", settings="import os\nos._exit(0)"),
    Broken("settings.hangs", "", "site_settings", files={"peek/apps.py": "", "peek/models.py": SLEEPER},
           spec={"probe_seconds": 3.0}),
]  # fmt: skip


def site(tmp_path: Path, name: str, one: Broken) -> Site:
    files = {"site_wsgi.py": WSGI, "site_settings.py": f"{SETTINGS}{one.settings}\n", **one.files}
    return Site.of(tmp_path, environment(name), files, **one.spec)


@pytest.mark.parametrize("one", BROKEN, ids=lambda one: f"{one.id} {one.says}")
def test_what_is_broken_is_told_with_its_line(one: Broken, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        site(tmp_path, "newest", one).probe(["site_settings"], wsgi=("site_wsgi.application",))
    assert (told.value.id, told.value.where) == (one.id, one.where)
    assert one.says in told.value.brief


@pytest.mark.parametrize("one", [BROKEN[0], BROKEN[3], BROKEN[7], BROKEN[8]], ids=lambda one: one.id)
def test_the_oldest_python_tells_the_same(one: Broken, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        site(tmp_path, "oldest", one).probe(["site_settings"], wsgi=("site_wsgi.application",))
    assert (told.value.id, told.value.where) == (one.id, one.where)


def test_what_a_package_of_the_project_lacks_is_told_by_its_name(tmp_path: Path) -> None:
    broken = Broken("settings.import-failed", "", "", settings="from peek import passwords")
    with pytest.raises(UserError) as told:
        site(tmp_path, "newest", broken).probe(["site_settings"])
    assert (told.value.id, told.value.facts["module"]) == (broken.id, "peek.passwords")


def test_a_variable_that_has_a_value_is_not_said_to_lack_one(tmp_path: Path) -> None:
    says = "No such configuration. Name another in the SHOP_CONFIG environment variable."
    lines = f"from django.core.exceptions import ImproperlyConfigured\nraise ImproperlyConfigured({says!r})\n"
    made = Site.of(tmp_path, environment("newest"), {"site_settings.py": lines})
    made.env["SHOP_CONFIG"] = "mine"
    with pytest.raises(UserError, match="No such configuration") as told:
        made.probe(["site_settings"])
    assert told.value.id == "settings.import-failed"


PARTS = [
    ("site_settings.py", f"{SETTINGS}x = 1 / 0\n", ""),
    ("site_settings.py", f"{SETTINGS}raise RuntimeError('no')\n", ""),
    ("site_settings.py", f"{SETTINGS}import socket\nraise socket.gaierror('no network')\n", ""),
    ("site_settings.py", f"{SETTINGS}from gunicorn.app.base import gone\n", "gunicorn"),
    ("site_settings.py", f"{SETTINGS}import gunicorn\nassert (\n  gunicorn.__version__\n  < '0')\n", "gunicorn"),
    ("site_settings.py", f"{SETTINGS}from gunicorn import *\nundefined_name\n", "gunicorn"),
    ("site_settings.py", f"{SETTINGS}from gunicorn.config import Config\nclass Mine(Config): pass\nMine().gone\n", "gunicorn"),
    ("site_settings.py", f"{SETTINGS}import functools, gunicorn.util as u\nf = functools.partial(u.http_date)\nf.gone\n", "gunicorn"),
    ("peek/models.py", "raise RuntimeError('models')\n", "django"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["oldest", "newest"])
@pytest.mark.parametrize(("file", "text", "part"), PARTS, ids=range(len(PARTS)))
def test_the_packages_that_have_a_part_in_an_error_are_told(
    name: str, file: str, text: str, part: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as told:
        Site.of(tmp_path, environment(name), {file: text}).probe(["site_settings"])
    assert told.value.facts["packages"] == part


@everywhere
def test_where_the_guests_own_code_fails_it_is_said_to_be_ours(name: str, tmp_path: Path) -> None:
    made = Site.of(tmp_path, environment(name), {"site_settings.py": f"{SETTINGS}CACHES = {{'default': 5}}\n"})
    with pytest.raises(PlatformError) as told:
        made.probe(["site_settings"])
    assert told.value.id == "platform.own-code"
    assert told.value.detail.startswith("AttributeError: 'int' object has no attribute 'get', at dz_guest/override.py:")
    made.spec["settings_module"] = "site_settings"
    hook = made.manage("check")
    assert isinstance(verdict.hook_error(hook, made.code), PlatformError)
    assert "in stores" in made.guest("manage", "check").text, "whoever mends it sees our frames"


@pytest.mark.parametrize(
    ("files", "id"),
    [
        ({"site_settings.py": f"{SETTINGS}CACHES = {{'default': type('Odd', (), {{'get': lambda s, n: 1 / 0}})()}}"}, "settings.import-failed"),
        ({"site_settings.py": f"{SETTINGS}INSTALLED_APPS += ['no.such.app:']"}, "settings.module-missing"),
        ({"site_urls.py": "page = None\n"}, "app.urls-failed"),
        ({"site_urls.py": "urlpatterns = 5\n"}, "app.urls-failed"),
        ({"site_wsgi.py": "app = None\n"}, "app.wsgi-failed"),
    ],
)  # fmt: skip
def test_what_only_goes_through_the_guest_is_the_projects(files: dict[str, str], id: str, tmp_path: Path) -> None:
    made = Site.of(tmp_path, environment("newest"), {"site_wsgi.py": WSGI, **files})
    with pytest.raises(UserError) as told:
        made.probe(["site_settings"], wsgi=("site_wsgi",))
    assert told.value.id == id


@everywhere
def test_the_first_candidate_that_works_is_chosen_and_what_it_says_is_learned(name: str, tmp_path: Path) -> None:
    files = {
        "conf/__init__.py": "",
        "conf/prod.py": "import os\nSECRET_KEY = os.environ['NOT_GIVEN']\n",
        "conf/empty.py": "",
        "conf/dev.py": f"{SETTINGS}\nDEBUG = True\nprint('noise on stdout')\nMEDIA_URL = '/files/'\n",
        "site_wsgi.py": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'conf.prod'\n" + WSGI,
    }
    made = Site.of(tmp_path, environment(name), files)
    result = made.probe(["conf.nowhere", "conf.prod", "conf.dev"], wsgi=("nowhere.wsgi", "site_wsgi"))
    assert (result.chosen.settings, result.chosen.wsgi, result.chosen.asgi) == ("conf.dev", "site_wsgi", "")
    told = [(one.settings, one.error.kind, one.error.name) for one in result.failed if one.error]
    assert told == [("conf.nowhere", "module", "conf.nowhere"), ("conf.prod", "variable", "NOT_GIVEN")]
    learned = result.learned
    assert (learned.static_url, learned.media_url, learned.staticfiles) == ("/static/", "/files/", True)


PAGES = """
from django.http import HttpResponse
try:
    from django.urls import include, re_path
except ImportError:
    from django.conf.urls import include, url as re_path
page = HttpResponse
included = [re_path("^list/$", page, name="list"), re_path(r"^list/(\\d+)/$", page, name="one")]
urlpatterns = [
    re_path(r"^about-us/$", page, name="about"), re_path(r"^(?P<name>\\w+)/$", page), re_path("^logout/$", page),
    re_path("^shop/", include((included, "shop"), namespace="shop")), re_path("^log-in/$", page, name="login"),
]
"""


@everywhere
def test_the_first_pages_are_those_without_arguments_that_do_nothing(name: str, tmp_path: Path) -> None:
    files = {"site_urls.py": PAGES, "site_settings.py": f"{SETTINGS}LOGIN_URL = 'login'\n"}
    learned = Site.of(tmp_path, environment(name), files).probe(["site_settings"]).learned
    assert learned.pages == ["/log-in/", "/about-us/", "/shop/list/"]


def test_libraries_that_read_variables_are_understood(tmp_path: Path) -> None:
    for number, line in enumerate(("from decouple import config as c; A = c('WANTED')",
                                   "import environ; A = environ.Env()('WANTED')")):  # fmt: skip
        made = Site.of(tmp_path / str(number), environment("newest"), {"site_settings.py": f"{SETTINGS}{line}\n"})
        with pytest.raises(UserError) as told:
            made.probe(["site_settings"])
        assert told.value.id == "settings.variable-missing"
        assert told.value.where == f"site_settings.py:5  {line}"
        assert "dz env set PROJECT WANTED" in told.value.next


def test_urls_that_ask_the_database_are_taken(tmp_path: Path) -> None:
    asks = "from django.contrib.contenttypes.models import ContentType\nlist(ContentType.objects.all())\n"
    result = Site.of(tmp_path, environment("newest"), {"site_urls.py": URLS + asks}).probe(["site_settings"])
    assert result.chosen.note is not None
    assert result.chosen.note.kind == "database"


def test_an_asgi_application_alone_is_enough(tmp_path: Path) -> None:
    files = {
        "site_asgi.py": "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
    }
    result = Site.of(tmp_path, environment("newest"), files).probe(["site_settings"], asgi=("site_asgi:application",))
    assert (result.chosen.wsgi, result.chosen.asgi) == ("", "site_asgi:application")


def test_the_very_newest_django_works(tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment("latest"), {"site_wsgi.py": WSGI})
    assert site.probe(["site_settings"], wsgi=("site_wsgi",)).chosen.wsgi == "site_wsgi"


def forged(marker: str) -> str:
    return f"import os\nos.write(1, b'\\n{marker}\\n{{}}\\n')\n"


def test_a_project_that_writes_an_answer_itself_does_not_hide_the_real_one(tmp_path: Path) -> None:
    marker = secrets.token_hex(16)
    made = Site.of(tmp_path, environment("newest"), {"site_settings.py": SETTINGS + forged(marker)})
    made.spec["candidates"] = {"settings": ["site_settings"]}
    result = verdict.probe_result(made.guest("probe", marker).output, marker, made.code)
    assert result.chosen.settings == "site_settings"


def test_the_projects_own_modules_are_never_hidden_by_ours(tmp_path: Path) -> None:
    files = {f"{name}.py": "OURS = True\n" for name in ("main", "spec", "probe", "errors", "files", "override")}
    text = SETTINGS + "".join(f"import {file[:-3]} as m\nassert m.OURS\n" for file in files)
    assert Site.of(tmp_path, environment("newest"), {**files, "site_settings.py": text}).probe(["site_settings"])


OWN_STORAGE = """
from django.contrib.staticfiles.storage import StaticFilesStorage
class Own(StaticFilesStorage):
    pass
"""
OWN_COMMAND = "from django.contrib.staticfiles.management.commands.collectstatic import Command\n"


def static_inputs(root: Path, name: str, files: dict[str, str], settings: str = "") -> str:
    lines = f"{SETTINGS}STATICFILES_DIRS = ['assets']\n{settings}\n"
    made = Site.of(root, environment(name), {"site_settings.py": lines, "assets/site.css": "body {}", **files})
    return made.probe(["site_settings"]).learned.static_inputs


@everywhere
def test_what_collectstatic_is_made_from_changes_with_what_it_would_collect(name: str, tmp_path: Path) -> None:
    first = static_inputs(tmp_path, name, {})
    assert first
    assert static_inputs(tmp_path, name, {"site_urls.py": f"{URLS}\nMORE = 1\n"}) == first
    others = [
        static_inputs(tmp_path, name, {"assets/site.css": "body { color: red }"}),
        static_inputs(tmp_path, name, {"peek/static/new.css": ""}),
        static_inputs(tmp_path, name, {}, "STATIC_URL = '/files/'"),
        static_inputs(
            tmp_path, name, {}, STORED.format("django.contrib.staticfiles.storage.ManifestStaticFilesStorage")
        ),
    ]
    assert len({first, *others}) == 5


def test_static_files_are_collected_in_the_same_breath_where_that_is_asked_for(tmp_path: Path) -> None:
    lines = f"{SETTINGS}STATICFILES_DIRS = ['assets']\n"
    made = Site.of(tmp_path, environment("newest"), {"site_settings.py": lines, "assets/site.css": "body {}"})
    there = Path(made.spec["static_root"]) / "site.css"
    assert (made.probe(["site_settings"]).chosen.collected, there.exists()) == (False, False)
    made.spec["collect"] = True
    assert (made.probe(["site_settings"]).chosen.collected, there.exists()) == (True, True)
    (made.code / "site_settings.py").write_text(f"{lines}{STORED.format('storing.Broken')}")
    (made.code / "storing.py").write_text(BROKEN_STORAGE)
    there.unlink()  # what is there already is not saved again
    assert made.probe(["site_settings"]).chosen.collected is False


BROKEN_STORAGE = """
from django.contrib.staticfiles.storage import StaticFilesStorage

class Broken(StaticFilesStorage):
    def save(self, *args, **kwargs):
        raise RuntimeError("no place")
"""
STORED = """
if __import__("django").VERSION < (5, 1):
    STATICFILES_STORAGE = "{0}"
else:
    STORAGES = {{"staticfiles": {{"BACKEND": "{0}"}}}}
"""


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({"storing.py": OWN_STORAGE}, STORED.format("storing.Own")),
        ({"peek/management/commands/collectstatic.py": OWN_COMMAND}, "INSTALLED_APPS.reverse()"),
        ({"committed/old.js": ""}, "STATIC_ROOT = 'committed'"),
        ({}, "COMPRESS_ENABLED = COMPRESS_OFFLINE = True"),
        ({}, "STATIC_HEADERS = lambda: None"),
    ],
    ids=["own storage", "own command", "committed files", "compressor", "a function"],
)
def test_where_more_than_files_decides_what_is_collected_nothing_is_said_of_it(
    files: dict[str, str], settings: str, tmp_path: Path
) -> None:
    assert static_inputs(tmp_path, "newest", files, settings) == ""


@everywhere
def test_models_that_changed_without_a_migration_are_told(name: str, tmp_path: Path) -> None:
    model = "from django.db import models\nclass Thing(models.Model):\n    name = models.CharField(max_length=9)\n"
    files = {"site_wsgi.py": WSGI, "site_settings.py": SETTINGS + "INSTALLED_APPS += ['shop', 'bare']\n"}
    files["site_settings.py"] += "DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\n"
    for app in ("shop", "bare"):  # one has migrations, the tables of the other are made by migrate as they are
        files |= {f"{app}/__init__.py": "", f"{app}/models.py": model}
    files["shop/migrations/__init__.py"] = ""
    files["shop/migrations/0001_first.py"] = (
        "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    initial = True\n"
        "    operations = [migrations.CreateModel('Thing', [('id', models.AutoField(auto_created=True,"
        " primary_key=True, serialize=False, verbose_name='ID')), ('name', models.CharField(max_length=9))])]\n"
    )
    made = Site.of(tmp_path, environment(name), files)
    learned = made.probe(["site_settings"], wsgi=("site_wsgi",)).learned
    assert (learned.unmigrated, learned.bare) == ([], ["bare"])
    (made.code / "bare/migrations").mkdir()
    (made.code / "bare/migrations/__init__.py").write_text("")  # what was in it, git ignores
    (made.code / "shop/models.py").write_text(model + "    price = models.IntegerField()\n")
    learned = made.probe(["site_settings"], wsgi=("site_wsgi",)).learned
    assert (learned.unmigrated, learned.bare) == (["shop"], ["bare"])
    for file in ("__init__.py", "commands/__init__.py", "commands/makemigrations.py"):
        (made.code / "shop/management" / file).parent.mkdir(parents=True, exist_ok=True)
        (made.code / "shop/management" / file).write_text("")  # it may take what is no change for one
    assert made.probe(["site_settings"], wsgi=("site_wsgi",)).learned.unmigrated == []


def test_a_variable_without_a_value_is_known_by_the_same_words_in_a_log_as_in_the_guest() -> None:
    program = (
        "from dz_guest import errors as e; import json; print(json.dumps([[one.pattern for one in e.TOLD], e.TELLERS]))"
    )
    told = check([sys.executable, "-B", "-c", program], deadline=60, cwd=GUEST.parent).text
    assert json.loads(told) == [[one.pattern for one in blame.TOLD], list(blame.TELLERS)]
