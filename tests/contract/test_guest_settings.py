"""The settings wrapper changes what a platform can know and leaves the rest, under the oldest and newest Django."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.guests import SETTINGS, Site, django_of, environment, everywhere

DATABASE = "postgres://p00000042:pa%2Fss@10.0.0.7:5433/p00000042"

# Lines added to the settings → what some settings are then.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "debug goes off": ("DEBUG = True", {"DEBUG": False}),
    "a toolbar that is shown to everybody goes with debug": (
        "DEBUG_TOOLBAR_CONFIG = {'SHOW_TOOLBAR_CALLBACK': lambda request: True, 'SKIN': 1}",
        {"DEBUG_TOOLBAR_CONFIG": {"SKIN": 1}},
    ),
    "a key that everybody knows is replaced": ('SECRET_KEY = "django-insecure-abc"', {"SECRET_KEY": "k" * 50}),
    "an empty key is replaced": ('SECRET_KEY = ""', {"SECRET_KEY": "k" * 50}),
    "a key of their own stays": ("", {"SECRET_KEY": "x" * 50}),
    "their own hosts come after ours": (
        'ALLOWED_HOSTS = "shop.org, www.shop.org"',
        {"ALLOWED_HOSTS": ["shop.localhost", "shop.org", "www.shop.org"]},
    ),
    "nothing insists on https": (
        "SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PREPEND_WWW = True\nSECURE_HSTS_SECONDS = 99",
        {
            "SECURE_SSL_REDIRECT": False,
            "SESSION_COOKIE_SECURE": False,
            "CSRF_COOKIE_SECURE": False,
            "SECURE_HSTS_SECONDS": 0,
            "PREPEND_WWW": False,
        },
    ),
    "cookies of another domain are ours": (
        'SESSION_COOKIE_DOMAIN = ".shop.org"\nCSRF_COOKIE_NAME = "__Host-csrf"',
        {"SESSION_COOKIE_DOMAIN": None, "CSRF_COOKIE_NAME": "csrf"},
    ),
    "urls are rooted": (
        'STATIC_URL = "assets/"\nMEDIA_URL = "http://localhost:8000/uploads"',
        {"STATIC_URL": "/assets/", "MEDIA_URL": "/uploads/"},
    ),
    "uploads have an address of their own": (
        'STATIC_URL = MEDIA_URL = "https://bucket.example/"',
        {"STATIC_URL": "https://bucket.example/", "MEDIA_URL": "/media/"},
    ),
    "another host's files stay there": (
        'MEDIA_URL = "https://cdn.example/m/"',
        {"MEDIA_URL": "https://cdn.example/m/"},
    ),
    "folders that are not there are made, elsewhere left out": (
        'STATICFILES_DIRS = ["/nowhere/at/all", ("p", BASE), "made/by/npm"]',
        {"STATICFILES_DIRS": [["p", "CODE"], "made/by/npm"]},
    ),
    "mail without a server is shown": (
        'EMAIL_HOST = "localhost"',
        {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
    ),
    "mail without an account where one is asked for is shown": (
        'EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = "smtp.shop.org", "587", "ada", None',
        {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
    ),
    "mail with an account is sent": (
        'EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = "smtp.shop.org", 587, "ada", "word"',
        {"EMAIL_PORT": 587},
    ),
    "mail with a server is sent": ('EMAIL_HOST = "smtp.shop.org"', {"EMAIL_HOST": "smtp.shop.org"}),
    "sessions survive without Redis": (
        'CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://r", "TIMEOUT": 5}}\n'
        'SESSION_ENGINE = "django.contrib.sessions.backends.cache"',
        {
            "CACHES": {
                "default": {
                    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                    "LOCATION": "dz-default",
                    "TIMEOUT": 5,
                }
            },
            "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db",
        },
    ),
    "plain names of static files are kept": (
        "WHITENOISE_KEEP_ONLY_HASHED_FILES = True",
        {"WHITENOISE_KEEP_ONLY_HASHED_FILES": False},
    ),
    "what is not ours to know stays": (
        'TIME_ZONE = "Europe/Vienna"\nMY_OWN = {"a": 1}\nMIGRATION_MODULES = {"peek": None}',
        {"TIME_ZONE": "Europe/Vienna", "MY_OWN": {"a": 1}, "MIGRATION_MODULES": {"peek": None}},
    ),
}


@pytest.fixture(params=["oldest", "newest"])
def python(request: pytest.FixtureRequest) -> Path:
    return environment(request.param)


def site(tmp_path: Path, python: Path, lines: str = "", **spec: Any) -> Site:
    text = f"BASE = {str(tmp_path / 'code')!r}\n{SETTINGS}\n{lines}\n"
    made = Site.of(tmp_path, python, {"site_settings.py": text}, **spec)
    made.env = {"DZ_SECRET_KEY": "k" * 50, "DZ_DATABASE_URL": DATABASE}
    return made


# Those that another case contradicts run by themselves; the others share a process.
ALONE = (
    "mail without an account where one is asked for is shown",
    "mail with an account is sent",
    "uploads have an address of their own",
    "a key that everybody knows is replaced",
    "a key of their own stays",
    "another host's files stay there",
    "mail without a server is shown",
)


def test_what_a_platform_can_know_is_changed_and_nothing_else(tmp_path: Path, python: Path) -> None:
    chosen = [CASES[case] for case in CASES if case not in ALONE]
    wanted = {name: value for _, values in chosen for name, value in values.items()}
    got = site(tmp_path, python, "\n".join(lines for lines, _ in chosen)).peek(*wanted)
    wanted["STATICFILES_DIRS"] = [["p", str(tmp_path / "code")], "made/by/npm"]
    assert got == wanted


@pytest.mark.parametrize("case", ALONE)
def test_by_itself(case: str, tmp_path: Path) -> None:
    lines, wanted = CASES[case]
    assert site(tmp_path, environment("newest"), lines).peek(*wanted) == wanted


EARLY = """
import django
django.setup()
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
assert (settings.DEBUG, settings.SECRET_KEY) == (False, "k" * 50), "its own"
staticfiles_storage.url("no/such.css")
"""


@everywhere
def test_settings_that_their_own_package_asks_for_are_laid_over_already(name: str, tmp_path: Path) -> None:
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    text = f"{SETTINGS}\nDEBUG = True\nSECRET_KEY = 'django-insecure-x'\n"
    text += f"STORAGES = {{'staticfiles': {{'BACKEND': {manifest!r}}}}}\n" if name != "oldest" else ""
    files = {"early/__init__.py": EARLY, "early/settings.py": text}
    made = Site.of(tmp_path, environment(name), files, settings_module="early.settings")
    made.env = {"DZ_SECRET_KEY": "k" * 50, "DZ_DATABASE_URL": DATABASE}
    assert made.peek("DEBUG", "SECRET_KEY") == {"DEBUG": False, "SECRET_KEY": "k" * 50}


@everywhere
@pytest.mark.parametrize(
    "lines",
    [
        "import os\nwith open(os.path.join('/etc/nowhere', 'key.txt')) as f:\n    SECRET_KEY = f.read().strip()",
        "from pathlib import Path\nSECRET_KEY = Path('/etc/nowhere/key.txt').read_text().strip()",
        "def inside(file):\n    with open(file, 'rb') as f:\n        return f.read().decode()\n"
        "SECRET_KEY = inside('/etc/nowhere/key.txt')",
    ],
)
def test_a_missing_file_of_the_key_alone_holds_the_projects_own(name: str, lines: str, tmp_path: Path) -> None:
    assert site(tmp_path, environment(name), lines).peek("SECRET_KEY") == {"SECRET_KEY": "k" * 50}


@pytest.mark.parametrize(
    "inside",
    [
        "    SECRET_KEY, TOKEN = file.read().split()",
        "    SECRET_KEY = file.readline().strip()\n    TOKEN = file.readline().strip()",
    ],
)
def test_a_file_that_holds_more_than_the_key_is_missing(inside: str, tmp_path: Path) -> None:
    lines = f"try:\n  with open('/etc/nowhere/keys.txt') as file:\n{inside}\n"
    lines += "except FileNotFoundError:\n    TOKEN = 'missing'"
    assert site(tmp_path, environment("newest"), lines).peek("TOKEN") == {"TOKEN": "missing"}


def test_settings_that_are_asked_for_while_they_are_written_are_a_part_as_it_stands(tmp_path: Path) -> None:
    lines = "DEBUG = True\nfrom django.conf import settings as asked\nEARLIER = asked.DEBUG"
    assert site(tmp_path, environment("newest"), lines).peek("EARLIER", "DEBUG") == {"EARLIER": True, "DEBUG": False}


EXCHANGED = """
import builtins, django.conf
class Reader: opens = open
TEXT = Reader().opens(__file__).readline().strip()
class Own(django.conf.Settings): pass
def opened(*given, **named): return plain(*given, **named)
plain, django.conf.Settings, builtins.open = open, Own, opened
class Told:
    def __str__(self): return f"{builtins.open is opened} {django.conf.Settings is Own}"
TOLD = Told()
"""


def test_what_settings_make_of_open_and_of_djangos_own_stays(tmp_path: Path) -> None:
    made = site(tmp_path, environment("newest"), EXCHANGED)
    assert made.peek("TEXT", "TOLD") == {"TEXT": f"BASE = {str(tmp_path / 'code')!r}", "TOLD": "True True"}


def test_a_file_that_a_library_misses_is_the_librarys_own_affair(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library/keeps.py").write_text("SECRET_KEY = open('/etc/nowhere/key.txt').read()\n")
    lines = f"import sys\nsys.path.append({str(tmp_path / 'library')!r})\ntry:\n    import keeps\n"
    lines += "except FileNotFoundError:\n    SECRET_KEY = 50 * 't'"
    assert site(tmp_path, environment("newest"), lines).peek("SECRET_KEY") == {"SECRET_KEY": 50 * "t"}


CLASSES = """
from configurations import Configuration, values
class Base(Configuration):
    SECRET_KEY = "x" * 50
    ROOT_URLCONF = "site_urls"
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles", "peek"]
class Dev(Base):
    MINE = "dev"
class Production(Base):
    MINE = "production"
    DEBUG = True
    OWNER = values.Value("nobody")
"""


COMMON, _, OTHERS = CLASSES.partition("class Dev")
SPLIT = {  # in modules that never say whose class it is
    "site_settings/common.py": COMMON,
    "site_settings/dev.py": "from .common import Base\nclass Dev" + OTHERS.partition("class Production")[0],
    "site_settings/production.py": "from configurations import values\nfrom site_settings.common import Base as Basis\n"
    "class Production" + OTHERS.partition("class Production")[2].replace("(Base)", "(Basis)"),
    "site_settings/__init__.py": "from .dev import Dev\nfrom .production import *\nclass NotSettings(Exception): pass\n",
}


@pytest.mark.parametrize("module", ["site_settings", "site_settings.production"])
def test_settings_that_are_a_class_may_have_it_from_elsewhere(module: str, tmp_path: Path) -> None:
    made = Site.of(tmp_path, environment("newest"), SPLIT, settings_module=module)
    (tmp_path / "code/site_settings.py").unlink()
    made.env = {"DZ_SECRET_KEY": "k" * 50, "DZ_DATABASE_URL": DATABASE}
    assert made.peek("MINE") == {"MINE": "production"}


@pytest.mark.parametrize(("named", "mine"), [("", "production"), ("Dev", "dev")])
def test_settings_that_are_a_class_are_productions_unless_a_variable_names_another(
    named: str, mine: str, tmp_path: Path
) -> None:
    made = Site.of(tmp_path, environment("newest"), {"site_settings.py": CLASSES})
    made.env = {"DZ_SECRET_KEY": "k" * 50, "DZ_DATABASE_URL": DATABASE} | (
        {"DJANGO_CONFIGURATION": named} if named else {}
    )
    got = made.peek("MINE", "DEBUG", "DATABASES")
    assert (got["MINE"], got["DEBUG"]) == (mine, False)
    assert got["DATABASES"]["default"]["NAME"] == "p00000042"


@pytest.mark.parametrize(
    ("lines", "enabled"),
    [("", False), ("COMPRESS_OFFLINE = True", True), ("COMPRESS_PRECOMPILERS = [('text/x-scss', 'sass')]", True)],
)
def test_what_would_be_compressed_while_a_page_is_made_is_served_as_it_is(
    lines: str, enabled: bool, tmp_path: Path
) -> None:
    made = site(
        tmp_path, environment("newest"), f"INSTALLED_APPS.append('compressor')\nCOMPRESS_ENABLED = True\n{lines}"
    )
    (made.code / "compressor").mkdir()
    (made.code / "compressor/__init__.py").write_text("")
    assert made.peek("COMPRESS_ENABLED") == {"COMPRESS_ENABLED": enabled}


def test_mail_is_shown_where_the_platform_says_that_its_server_is_missing(tmp_path: Path) -> None:
    made = site(tmp_path, environment("newest"), 'EMAIL_HOST, EMAIL_HOST_USER = "smtp.shop.org", ""')
    made.env["DZ_MAIL"] = "log"
    assert made.peek("EMAIL_BACKEND") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}


def test_mailers_of_the_very_newest_django_are_understood(tmp_path: Path) -> None:
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    lines = (
        f"MAILERS = {{'default': {{'BACKEND': {smtp!r}}}, 'far': {{'BACKEND': {smtp!r}, 'OPTIONS': {{'host': 'm'}}}}}}"
    )
    got = site(tmp_path, environment("latest"), lines).peek("MAILERS")["MAILERS"]
    assert got["default"]["BACKEND"].endswith("console.EmailBackend")
    assert got["far"] == {"BACKEND": smtp, "OPTIONS": {"host": "m"}}


RELATED = """
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand
from django.db import router

class Command(BaseCommand):
    requires_system_checks = False if __import__("django").VERSION < (3, 2) else []

    def handle(self, *args, **options):
        one, other = ContentType(), ContentType()
        one._state.db, other._state.db = "default", "old"
        assert router.db_for_write(ContentType) == "default" and router.allow_migrate_model("old", ContentType)
        print("related:", router.allow_relation(one, other))
"""


def test_every_database_leads_to_the_projects_own_postgresql(tmp_path: Path, python: Path) -> None:
    lines = """
DATABASES = {
    "default": {"ENGINE": "django.db.backends.mysql", "OPTIONS": {"charset": "utf8"}, "ATOMIC_REQUESTS": True},
    "old": {"ENGINE": "django.db.backends.sqlite3", "NAME": "old.db"},
}
DATABASE_ROUTERS = ["nowhere.Router"]
"""
    ours = site(tmp_path, python, lines)
    (ours.code / "peek/management/commands/related.py").write_text(RELATED)
    assert "related: True" in ours.guest("manage", "related").text, "rows that came by two aliases"
    got = ours.peek("DATABASES", "DATABASE_ROUTERS")
    for alias in ("default", "old"):
        entry = got["DATABASES"][alias]
        assert entry["ENGINE"].startswith("django.db.backends.postgresql")
        where = [entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
        assert where == ["p00000042", "p00000042", "pa/ss", "10.0.0.7", "5433"]
        assert not entry.get("OPTIONS")
    assert got["DATABASES"]["default"]["ATOMIC_REQUESTS"] is True
    assert got["DATABASE_ROUTERS"] == ["dz_guest.database.OneDatabase"]
    checked = django_of(python) >= (4, 1)
    assert bool(got["DATABASES"]["default"].get("CONN_HEALTH_CHECKS")) == checked
    assert got["DATABASES"]["default"].get("CONN_MAX_AGE", 0) == (60 if checked else 0)


def test_a_database_that_is_an_address_nobody_parsed_is_the_projects_own_too(tmp_path: Path, python: Path) -> None:
    lines = 'import os\nDATABASES = {"default": os.environ.get("DATABASE_URL", "postgres://nowhere/none")}'
    assert site(tmp_path, python, lines).peek("DATABASES")["DATABASES"]["default"]["NAME"] == "p00000042"


def test_forms_are_trusted_at_the_address_that_browsers_show(tmp_path: Path, python: Path) -> None:
    new = django_of(python) >= (4, 0)
    lines = 'CSRF_TRUSTED_ORIGINS = ["*.shop.org"]'
    got = site(tmp_path, python, lines).peek("CSRF_TRUSTED_ORIGINS")["CSRF_TRUSTED_ORIGINS"]
    # at https too: what ends TLS in front of the platform passes a browser's Origin on as it is
    assert got == (
        ["http://shop.localhost:8800", "https://shop.localhost", "https://*.shop.org"]
        if new
        else ["shop.localhost:8800", "*.shop.org"]
    )


def test_with_a_certificate_cookies_are_for_https_only(tmp_path: Path) -> None:
    lines = "SECURE_SSL_REDIRECT = True\nSECURE_HSTS_SECONDS = 99"
    made = site(tmp_path, environment("newest"), lines, scheme="https", port=443)
    names = ("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE", "CSRF_TRUSTED_ORIGINS")
    assert list(made.peek(*names).values()) == [True, 99, True, ["https://shop.localhost"]]


@everywhere
def test_settings_may_read_django_settings_while_they_are_imported(name: str, tmp_path: Path) -> None:
    lines = """
DEBUG = True
from django.conf import settings as _s
SEEN = (_s.SECRET_KEY, _s.DEBUG)
import sys
ITSELF = sys.modules[__name__].__name__
import os
NAMED = os.environ["DJANGO_SETTINGS_MODULE"]
"""
    got = site(tmp_path, environment(name), lines).peek("SEEN", "ITSELF", "NAMED", "DEBUG")
    assert got == {"SEEN": ["x" * 50, True], "ITSELF": "site_settings", "NAMED": "site_settings", "DEBUG": False}


@everywhere
def test_who_imports_the_settings_module_itself_sees_the_change_too(name: str, tmp_path: Path) -> None:
    made = site(tmp_path, environment(name), "DEBUG = True")
    (made.code / "peek" / "apps.py").write_text("")
    command = made.code / "peek" / "management" / "commands" / "direct.py"
    command.write_text(
        "import site_settings\nfrom django.core.management.base import BaseCommand\n"
        "class Command(BaseCommand):\n    def handle(self, *a, **k): print('DIRECT', site_settings.DEBUG)\n"
    )
    finished = made.guest("manage", "direct")
    assert "DIRECT False" in finished.text, finished.text
