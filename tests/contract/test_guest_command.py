"""What a person runs in a release, under the oldest and the newest interpreter."""

from __future__ import annotations

import json
from pathlib import Path

from dz.run import Finished, run
from tests.contract.test_guest_manage import database, database_environment
from tests.guests import GUEST, SETTINGS, Site, environment, everywhere

__all__ = ["database"]  # a fixture

ADMIN = (
    SETTINGS
    + """
INSTALLED_APPS += ["django.contrib.auth", "django.contrib.admin", "django.contrib.sessions", "django.contrib.messages"]
INSTALLED_APPS += ["people"]
MIDDLEWARE = MIDDLEWARE_CLASSES = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.contrib.auth.context_processors.auth", "django.template.context_processors.request",
                           "django.contrib.messages.context_processors.messages"]}}]
"""
)
# As some user models have it: what is typed is no field to ask for.
PEOPLE = """
from django.contrib.auth.models import User
User.REQUIRED_FIELDS = ["email", "password"]
"""
BY_ADDRESS = "USERNAME_FIELD, User.REQUIRED_FIELDS = 'email', []"
URLS = """
from django.contrib import admin
try:
    from django.urls import re_path
except ImportError:
    from django.conf.urls import url as re_path
urlpatterns = [re_path("^control/", admin.site.urls)]
"""


def typed(site: Site, *words: str, stdin: bytes = b"") -> Finished:
    argv = [site.python, GUEST, "command", "pipes", *words]
    return run(argv, deadline=100, env=site.prepare(), cwd=site.root, stdin=stdin)


@everywhere
def test_the_first_administrator_is_missed_and_made(name: str, tmp_path: Path, database: str) -> None:
    people = {"people/__init__.py": "", "people/models.py": PEOPLE}
    site = Site.of(tmp_path, environment(name), {"site_settings.py": ADMIN, "site_urls.py": URLS, **people})
    site.env = database_environment(database)
    assert site.manage("migrate").adminless is True
    made = typed(site, "admin", "username=ada", "email=ada@example.org", stdin=b"a-very-long-word\n")
    assert made.ok, made.text
    assert json.loads(made.text.strip().splitlines()[-1]) == {
        "name": "ada",
        "path": "/control/",
        "filled": [],
    }
    assert site.manage("migrate").adminless is False
    again = typed(site, "admin", "username=ada", "email=", stdin=b"another\n")
    assert (again.code, again.text.strip().splitlines()[-1]) == (1, "ada is there already.")
    more = typed(site, "admin", "username=bea")
    assert (more.code, '{"wants": ["email"]}' in more.text) == (1, True)
    (site.code / "people/models.py").write_text(PEOPLE.replace('"password"', '"first_name", "last_login"'))
    more = typed(site, "admin", "username=dan", "email=", "*=dan")
    assert '{"wants": ["last_login"]}' in more.text
    (site.code / "people/models.py").write_text(PEOPLE.replace('"password"', '"first_name"'))
    more = typed(site, "admin", "username=dan", "email=", "*=dan", stdin=b"a-very-long-word\n")
    assert '"filled": ["first_name"]' in more.text, more.text
    # Who signs in by an address alone, with a manager that wants a name.
    (site.code / "people/models.py").write_text(PEOPLE.replace('REQUIRED_FIELDS = ["email", "password"]', BY_ADDRESS))
    more = typed(site, "admin", "username=eve", "email=eve@example.org", stdin=b"a-very-long-word\n")
    assert '"name": "eve@example.org"' in more.text, more.text
    (site.code / "people/models.py").write_text(PEOPLE)
    says = (
        "from django.contrib.auth import authenticate as a; print('is', a(username='ada', password='a-very-long-word'))"
    )
    assert "is ada" in typed(site, "python", "-c", f"import django; django.setup(); {says}").text
    # A user model may have a manager that makes none.
    (site.code / "people/models.py").write_text(f"{PEOPLE}del User.objects.__class__.create_superuser\n")
    other = typed(site, "admin", "username=cleo", "email=cleo@example.org", stdin=b"a-very-long-word\n")
    assert other.ok, other.text
    says = says.replace("'ada'", "'cleo'").replace("))", ").is_superuser)")
    assert "is True" in typed(site, "python", "-c", f"import django; django.setup(); {says}").text


BACKENDS = """
from django.contrib.auth.models import User
class Base(object):
    def get_user(self, key):
        return User.objects.get(pk=key)
class ByAddress(Base):
    def authenticate(self, request=None, username=None, password=None):
        found = User.objects.filter(email=username).first()
        return found if found is not None and found.check_password(password) else None
class Broken(Base):
    def authenticate(self, request=None, username=None, password=None):
        raise RuntimeError(username)
"""


@everywhere
def test_who_is_known_by_an_address_alone_is_told_with_it(name: str, tmp_path: Path, database: str) -> None:
    """The name is in the model, and lets nobody in."""
    files = {"people/__init__.py": "", "people/models.py": PEOPLE, "people/backends.py": BACKENDS}
    site = Site.of(tmp_path, environment(name), {"site_settings.py": ADMIN, "site_urls.py": URLS, **files})
    site.env = database_environment(database)
    assert site.manage("migrate").ok
    for person, backends, told in (
        ("ada", ["people.backends.ByAddress"], "ada@example.org"),
        ("bea", ["people.backends.ByAddress", "django.contrib.auth.backends.ModelBackend"], "bea"),
        ("cleo", ["people.backends.Broken"], "cleo"),
    ):
        (site.code / "site_settings.py").write_text(f"{ADMIN}AUTHENTICATION_BACKENDS = {backends}\n")
        made = typed(site, "admin", f"username={person}", f"email={person}@example.org", stdin=b"a-very-long-word\n")
        assert f'"name": "{told}"' in made.text, made.text


APART = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
class Keeping(BaseUserManager):
    def create_superuser(self, email, password):
        one = self.model(email=email)
        one.set_password(password)
        one.save()
        return one
class Person(AbstractBaseUser):
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    objects = Keeping()
"""


def test_a_project_without_djangos_own_users_has_an_administrator_too(tmp_path: Path, database: str) -> None:
    backends = BACKENDS.replace("django.contrib.auth.models import User", "people.models import Person as User")
    settings = f"{ADMIN}INSTALLED_APPS = ['people']\nAUTH_USER_MODEL = 'people.Person'\nMIDDLEWARE = []\n"
    settings += "AUTHENTICATION_BACKENDS = ['people.backends.ByAddress']\n"
    files = {"people/__init__.py": "", "people/models.py": APART, "people/backends.py": backends}
    site = Site.of(
        tmp_path, environment("newest"), {"site_settings.py": settings, "site_urls.py": "urlpatterns = []\n", **files}
    )
    site.env = database_environment(database)
    assert site.manage("migrate").ok
    made = typed(site, "admin", "email=ada@example.org", stdin=b"a-very-long-word\n")
    assert '"name": "ada@example.org"' in made.text, made.text


JOINING = """
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_save
post_save.connect(lambda instance, **rest: instance.groups.add(Group.objects.get(name="staff")), User, weak=False)
"""


@everywhere
def test_who_needs_a_row_that_is_not_there_is_told_which_fixtures_have_one(
    name: str, tmp_path: Path, database: str
) -> None:
    files = {
        "site_settings.py": ADMIN, "site_urls.py": URLS, "people/__init__.py": "", "people/models.py": JOINING,
        "people/fixtures/first.json": '[{"model": "auth.group", "fields": {"name": "staff"}}]',
        "people/fixtures/other.json": '[{"model": "auth.groupie", "fields": {}}]',
    }  # fmt: skip
    site = Site.of(tmp_path, environment(name), files)
    site.env = database_environment(database)
    assert site.manage("migrate").ok
    words = ("admin", "username=ada", "email=ada@example.org")
    told = typed(site, *words, stdin=b"a-very-long-word\n")
    assert (told.code, '{"lacks": "auth.Group", "fixtures": ["first"]}' in told.text) == (1, True), told.text
    assert typed(site, "manage", "loaddata", "first").ok
    assert typed(site, *words, stdin=b"a-very-long-word\n").ok


@everywhere
def test_a_command_ends_as_it_would_by_manage_py(name: str, tmp_path: Path, database: str) -> None:
    site = Site.of(tmp_path, environment(name), {})
    site.env = database_environment(database)
    unknown = typed(site, "manage", "migrate", "nowhere")
    assert (unknown.code, "CommandError" in unknown.text, "Traceback" in unknown.text) == (1, True, False)
    assert typed(site, "manage", "migrate").ok
    assert "PEEK" in typed(site, "manage", "peek", "ROOT_URLCONF").text
    assert typed(site, "python", "-c", "import site_settings, sys; sys.exit(9)").code == 9


@everywhere
def test_a_site_without_users_says_so_when_an_administrator_is_asked_for(name: str, tmp_path: Path) -> None:
    site = Site.of(tmp_path, environment(name), {"site_settings.py": SETTINGS + "INSTALLED_APPS = []\n"})
    made = typed(site, "admin", "username=ada", "email=", stdin=b"a-very-long-word\n")
    assert (made.code, '{"userless": true}' in made.text) == (1, True), made.text
