"""Management commands under the wrapper, on a real PostgreSQL: migrations that fail half-way, static files."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from dz.log import Secret
from dz.names import InstanceId
from dz.run import Finished
from dz.seams.dbserver import Database
from dz.seams.dbserver.applied import applied_migrations
from dz.tasklib.build import verdict
from tests.guests import SETTINGS, Site, environment, everywhere
from tests.postgres import PostgresServer
from tests.waiting import until

LOCK = 0x647A6D67
HEAD = "from django.db import migrations, models\nclass Migration(migrations.Migration):\n"
FIRST = (
    HEAD
    + """    dependencies = []
    operations = [migrations.CreateModel("Thing", [("id", models.AutoField(primary_key=True))])]
"""
)
SECOND = (
    HEAD
    + """    dependencies = [("shop", "0001_first")]
    operations = [migrations.AddField("Thing", "name", models.CharField(max_length=9, default=""))]
"""
)
THIRD = (
    "def fill(apps, editor):\n    raise ValueError('no such thing')\n\n"
    + HEAD
    + """    dependencies = [("shop", "0002_second")]
    operations = [migrations.RunPython(fill)]
"""
)
SHOP = {
    "site_settings.py": SETTINGS
    + 'INSTALLED_APPS += ["shop", "bare"]\nDEFAULT_AUTO_FIELD = "django.db.models.AutoField"\n',
    "shop/__init__.py": "",
    "shop/models.py": "",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_first.py": FIRST,
    "shop/migrations/0002_second.py": SECOND,
    "bare/__init__.py": "",
    "bare/models.py": "from django.db import models\nclass Bare(models.Model):\n    name = models.CharField(max_length=9)\n",
}


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"guest_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    with psycopg.connect(postgres_server.url(), autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def database_environment(database: str) -> dict[str, str]:
    """As a build gives it: a socket folder is in PGHOST, not in the URL."""
    plain, _, query = database.partition("?")
    place = parse_qs(query)
    return {"DZ_DATABASE_URL": plain, "PGHOST": place["host"][0], "PGPORT": place["port"][0]}


def shop(tmp_path: Path, name: str, database: str, **more: str) -> Site:
    made = Site.of(tmp_path, environment(name), {**SHOP, **more})
    made.env = database_environment(database)
    return made


@everywhere
def test_migrate_makes_all_tables_and_says_what_it_applied(name: str, tmp_path: Path, database: str) -> None:
    made = shop(tmp_path, name, database)
    result = made.manage("migrate", "--noinput")
    assert result.ok
    assert [one for one in result.applied if one[0] == "shop"] == [("shop", "0001_first"), ("shop", "0002_second")]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM bare_bare").fetchone() == (0,)
    made.env["DZ_GUEST_BROKERS"] = '["shop"]'
    again = made.manage("migrate")
    assert (again.ok, again.applied) == (True, [])
    assert "celery" in again.brokers["shop"].error  # it can't be asked, which fails no migration


@everywhere
def test_a_cache_in_the_database_gets_its_table(name: str, tmp_path: Path, database: str) -> None:
    cache = 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kept"}}\n'
    plain = shop(tmp_path, name, database, **QUIET)
    before = migrates(plain)
    (plain.code / "site_settings.py").write_text(QUIET["site_settings.py"] + cache)
    assert migrates(plain) not in ("", before)  # so that it runs though no migration was added
    assert (plain.manage("migrate").error, plain.manage("migrate").error) == (None, None)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@everywhere
def test_an_app_whose_folder_of_migrations_is_empty_gets_its_tables_and_its_first_migration_later(
    name: str, tmp_path: Path, database: str
) -> None:
    made = shop(tmp_path, name, database, **{"bare/migrations/__init__.py": ""})
    assert made.manage("migrate", "--noinput").ok
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM bare_bare").fetchone() == (0,)
    first = FIRST.replace("    dependencies", "    initial = True\n    dependencies")
    (made.code / "bare/migrations/0001_first.py").write_text(first.replace("Thing", "Bare"))
    second = SECOND.replace("Thing", "Bare").replace('("shop", "0001_first")', '("bare", "0001_first")')
    (made.code / "bare/migrations/0002_second.py").write_text(second.replace('"name"', '"price"'))
    again = made.manage("migrate", "--noinput")
    assert (again.error, again.applied) == (None, [("bare", "0001_first"), ("bare", "0002_second")])
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT price FROM bare_bare").fetchone() is None


@everywhere
def test_tables_without_migrations_may_point_to_tables_with_some(name: str, tmp_path: Path, database: str) -> None:
    """As a project has them that leaves its migrations out of its repository, and ran on SQLite alone."""
    thing = "from django.db import models\nclass Thing(models.Model):\n    pass\n"
    points = """from django.db import models
class Bare(models.Model):
    thing = models.ForeignKey("shop.Thing", on_delete=models.CASCADE)
    others = models.ManyToManyField("shop.Thing", related_name="+")
"""
    made = shop(tmp_path, name, database, **{"bare/models.py": points, "shop/models.py": thing})
    result = made.manage("migrate", "--noinput")
    assert (result.error, ("shop", "0002_second") in result.applied) == (None, True)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM bare_bare_others").fetchone() == (0,)
    assert made.manage("migrate", "--noinput").ok


KEYED = """import uuid
class Migration(migrations.Migration):
    dependencies = [("shop", "0003_others")]
    operations = [migrations.AlterField("Thing", "id", models.UUIDField(primary_key=True, default=uuid.uuid4))]
"""
OTHERS = """    dependencies = [("shop", "0002_second")]
    operations = [migrations.CreateModel("Other", [
        ("id", models.AutoField(primary_key=True)), ("thing", models.ForeignKey("Thing", on_delete=models.CASCADE)),
    ])]
"""


@everywhere
@pytest.mark.parametrize("rows", [0, 1])
def test_a_key_may_become_another_type_where_no_row_has_one(
    name: str, rows: int, tmp_path: Path, database: str
) -> None:
    made = shop(tmp_path, name, database, **{"shop/migrations/0003_others.py": HEAD + OTHERS})
    assert made.manage("migrate").ok
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO shop_thing (name) SELECT 'one' FROM generate_series(1, %s)", [rows])
    (made.code / "shop/migrations/0004_key.py").write_text(HEAD.splitlines()[0] + "\n" + KEYED)
    result = made.manage("migrate")
    with psycopg.connect(database) as connection:
        asked = "SELECT data_type FROM information_schema.columns WHERE (table_name, column_name) IN (%s, %s)"
        asked = asked.replace("%s", "('shop_thing', 'id')", 1).replace("%s", "('shop_other', 'thing_id')")
        kinds = {kind for (kind,) in connection.execute(asked)}
    assert (result.ok, "uuid" in kinds, len(kinds)) == (not rows, not rows, 1)


def test_a_row_that_comes_while_its_column_becomes_another_type_keeps_its_value(tmp_path: Path, database: str) -> None:
    """The version before serves as long as the new one's migrations run."""
    number = (
        HEAD
        + """    dependencies = [("shop", "0002_second")]
    operations = [migrations.AddField("Thing", "number", models.IntegerField(null=True))]
"""
    )
    made = shop(tmp_path, "newest", database, **{"shop/migrations/0003_number.py": number})
    assert made.manage("migrate").ok
    changed = number.replace("0002_second", "0003_number").replace("AddField", "AlterField")
    (made.code / "shop/migrations/0004_other.py").write_text(changed.replace("IntegerField", "UUIDField"))

    def waiting(holder: psycopg.Connection[Any]) -> set[str]:
        asked = "SELECT mode FROM pg_locks WHERE NOT granted AND relation = 'shop_thing'::regclass"
        return {mode for (mode,) in holder.execute(asked)}

    writes = "INSERT INTO shop_thing (name, number) VALUES ('one', 7)"
    with (
        psycopg.connect(database) as holder,
        psycopg.connect(database, autocommit=True) as looker,
        psycopg.connect(database) as writer,
        ThreadPoolExecutor(2) as two,
    ):
        holder.execute("LOCK TABLE shop_thing IN SHARE MODE")
        migrating = two.submit(made.manage, "migrate")
        until(lambda: "AccessExclusiveLock" in waiting(looker), what="the migration waits")
        writing = two.submit(writer.execute, writes)
        until(lambda: "RowExclusiveLock" in waiting(looker), what="the row waits behind it")
        holder.rollback()
        writing.result(60)
        until(lambda: "AccessExclusiveLock" in waiting(looker), what="the migration waits for the row")
        writer.commit()
        assert not migrating.result(60).ok
        assert looker.execute("SELECT number FROM shop_thing").fetchall() == [(7,)]


@everywhere
def test_a_migration_that_fails_is_named_with_its_line_and_what_stays(name: str, tmp_path: Path, database: str) -> None:
    made = shop(tmp_path, name, database, **{"shop/migrations/0003_third.py": THIRD})
    result = made.manage("migrate")
    assert (result.ok, result.failed) == (False, ("shop", "0003_third"))
    assert [one for one in result.applied if one[0] == "shop"] == [("shop", "0001_first"), ("shop", "0002_second")]
    told = verdict.hook_error(result, made.code)
    assert told.id == "hook.migration-failed"
    assert told.where == "shop/migrations/0003_third.py:2  raise ValueError('no such thing')"
    assert "shop.0003_third failed: ValueError: no such thing." in told.brief


@everywhere
def test_of_a_migration_that_is_not_atomic_is_told_that_a_part_stays(name: str, tmp_path: Path, database: str) -> None:
    half = THIRD.replace(
        "    operations = [", '    atomic = False\n    operations = [migrations.RunSQL("CREATE TABLE part ()"), '
    )
    made = shop(tmp_path, name, database, **{"shop/migrations/0003_third.py": half})
    told = verdict.hook_error(made.manage("migrate"), made.code)
    with psycopg.connect(database) as looker:
        assert looker.execute("SELECT to_regclass('part')").fetchone() == ("part",)
    assert told.id == "hook.migration-half-done"
    assert told.where == "shop/migrations/0003_third.py:2  raise ValueError('no such thing')"
    assert "applied and stay so, but what this one did up to there stays" in told.brief


@everywhere
def test_a_migration_whose_sql_fails_is_named_with_its_file(name: str, tmp_path: Path, database: str) -> None:
    sql = (
        HEAD
        + """    dependencies = [("shop", "0002_second")]\n    operations = [migrations.RunSQL("SELECT nowhere")]\n"""
    )
    made = shop(tmp_path, name, database, **{"shop/migrations/0003_third.py": sql})
    told = verdict.hook_error(made.manage("migrate"), made.code)
    assert (told.id, told.where) == ("hook.migration-failed", "shop/migrations/0003_third.py")


def test_a_migration_finds_what_can_only_be_imported_after_the_urls(tmp_path: Path, database: str) -> None:
    """Two modules that import each other work in one order alone, that of a project's own manage.py migrate."""
    made = shop(
        tmp_path,
        "newest",
        database,
        **{
            "site_urls.py": "import shop.first\nurlpatterns = []\n",
            "shop/first.py": "one = 1\nfrom shop.second import two\n",
            "shop/second.py": "from shop.first import one\ntwo = 2\n",
            "shop/migrations/0002_second.py": "from shop.second import two\n" + SECOND,
        },
    )
    assert made.manage("migrate").error is None


EXTENSIONS = (
    HEAD.replace("class", "from django.contrib.postgres import operations as pg\nclass")
    + """    dependencies = []
    operations = [pg.HStoreExtension(), pg.TrigramExtension(), pg.UnaccentExtension(), pg.CreateExtension("{}")]
"""
)


@pytest.mark.parametrize(
    ("extension", "told"),
    [
        ("citext", None),
        ("of-nowhere", ("hook.extension-missing", "The projects' database server does not have the extension of-now")),
        ("file_fdw", ("hook.extension-denied", "The extension file_fdw can be made by a superuser alone")),
    ],
)
def test_extensions_that_migrations_ask_for_are_made_by_the_projects_own_role_or_told(
    extension: str, told: tuple[str, str] | None, tmp_path: Path, database: str, postgres_server: PostgresServer
) -> None:
    role = f"owner_{secrets.token_hex(6)}"
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        server.execute(f"ALTER DATABASE {server.info.dbname} OWNER TO {role}")
    own = database.replace(f"{postgres_server.superuser}:{postgres_server.password}", f"{role}:x")
    first = {"shop/migrations/0001_first.py": EXTENSIONS.format(extension)}
    made = shop(tmp_path, "newest", own, **first)
    (made.code / "shop/migrations/0002_second.py").unlink()
    result = made.manage("migrate")
    if told is None:
        assert result.ok, result.error
        with psycopg.connect(database) as connection:
            have = {str(row[0]) for row in connection.execute("SELECT extname FROM pg_extension").fetchall()}
        assert have >= {"hstore", "pg_trgm", "unaccent", extension}
    else:
        error = verdict.hook_error(result, made.code)
        assert (error.id, error.brief[: len(told[1])]) == told


def test_migrate_waits_for_another_one_of_the_same_project(tmp_path: Path, database: str) -> None:
    made = shop(tmp_path, "newest", database)
    ended: list[Finished] = []
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        migrating = threading.Thread(target=lambda: ended.append(made.guest("manage", "migrate")))
        migrating.start()
        waiting = (
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
        )
        until(lambda: other.execute(waiting).fetchone() == (1,), what="migrate waits for the lock")
        assert other.execute("SELECT to_regclass('shop_thing')").fetchone() == (None,)
        other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        migrating.join(60)
    assert ended[0].ok, ended[0].text
    assert "Waiting for another migration" in ended[0].text


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    made = shop(tmp_path, "newest", "postgres://nobody@/none?host=127.0.0.1&port=1")
    told = verdict.hook_error(made.manage("migrate"), made.code)
    assert told.id == "hook.failed"
    assert "OperationalError" in told.brief


LISTENS = """
from django.apps import AppConfig
from django.db.models.signals import post_migrate
def fill(**_): pass
class Shop(AppConfig):
    name = "shop"
    def ready(self): post_migrate.connect(fill, sender=self)
"""
THING = """
from django.db import models
class Thing(models.Model):
    name = models.CharField(max_length=9, default="")
    class Meta:
        permissions = [("weigh", "May weigh")]
"""
QUIET = {
    "site_settings.py": SETTINGS + 'INSTALLED_APPS += ["django.contrib.auth", "shop"]\n',
    "bare/models.py": "",
}


def migrates(made: Site) -> str:
    return made.probe(["site_settings"]).learned.migrates


@everywhere
def test_what_migrate_makes_is_known_beforehand_and_the_database_says_that_it_has_it(
    name: str, tmp_path: Path, postgres_server: PostgresServer, database: str
) -> None:
    made = shop(tmp_path, name, database, **QUIET)
    learned = made.probe(["site_settings"]).learned
    given = conninfo_to_dict(database)
    there = Database(
        server=InstanceId("db"),
        address=str(given["host"]),
        port=int(str(given["port"])),
        name=str(given["dbname"]),
        role=str(given["user"]),
        password=Secret(str(given.get("password", ""))),
    )
    assert applied_migrations(there) == frozenset()
    assert made.manage("migrate").ok
    assert applied_migrations(there) == {(app, one) for app, one, _ in learned.migrations}
    (made.code / "site_urls.py").write_text("urlpatterns = []\n")
    assert migrates(made) == learned.migrates != ""
    (made.code / "shop/models.py").write_text(THING)
    third = migrates(made)
    (made.code / "shop/migrations/0003_third.py").write_text(THIRD)
    assert len({learned.migrates, third, migrates(made)}) == 3


@pytest.mark.parametrize(
    "more",
    [
        {"site_settings.py": SHOP["site_settings.py"]},  # an app that has tables and no migrations
        {"shop/apps.py": LISTENS, "site_settings.py": SETTINGS + 'INSTALLED_APPS += ["shop.apps.Shop"]\n'},
        {"site_settings.py": SETTINGS + 'INSTALLED_APPS += ["shop"]\nDATABASE_ROUTERS = ["shop.routing.Router"]\n'},
    ],
    ids=["no migrations", "a listener", "a router"],
)
def test_where_a_project_takes_part_in_its_migrations_nothing_is_said_of_what_they_make(
    more: dict[str, str], tmp_path: Path, database: str
) -> None:
    bare = SHOP["bare/models.py"]
    assert migrates(shop(tmp_path, "newest", database, **{**QUIET, "bare/models.py": bare, **more})) == ""


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    made = Site.of(tmp_path, environment("newest"), {})
    told = verdict.hook_error(made.manage("no_such_command"), made.code)
    assert (told.id, told.facts["command"]) == ("hook.failed", "no_such_command")
    assert told.facts["error"] == "it ended with the exit code 1"


@everywhere
def test_a_command_that_leaves_with_an_error_of_its_own_is_told_with_its_words(name: str, tmp_path: Path) -> None:
    made = Site.of(tmp_path, environment(name), {})
    told = verdict.hook_error(made.manage("startapp", "sys"), made.code)
    assert told.id == "hook.failed" and str(told.facts["error"]).startswith("CommandError: 'sys' conflicts with")
