"""Variables that the platform fills in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dz.log import Secret
from dz.names import AppId, InstanceId
from dz.seams.dbserver import Database
from dz.tasklib.filled import (
    Known,
    broker,
    database_url,
    fill,
    is_known,
    mail,
    platform_variables,
    wants_redis,
)
from dz.tasklib.records import Redis


def known(address: str = "/tmp/pg") -> Known:
    database = Database(
        server=InstanceId("db-1"),
        address=address,
        port=5433,
        name="p00000042",
        role="p00000042",
        password=Secret("p/w@1"),
    )
    return Known(database=database, secret_key="k" * 50, hosts=("shop.localhost",), url="http://shop.localhost:8800")


def test_a_socket_folder_goes_to_pghost_and_not_into_the_url() -> None:
    assert database_url(known().database) == "postgres://p00000042:p%2Fw%401@/p00000042"
    assert platform_variables(known())["PGHOST"] == "/tmp/pg"


def test_an_address_stands_in_the_url() -> None:
    assert database_url(known("10.0.0.5").database) == "postgres://p00000042:p%2Fw%401@10.0.0.5:5433/p00000042"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_NAME", "p00000042"),
        ("POSTGRES_USER", "p00000042"),
        ("POSTGRES_PASSWORD", "p/w@1"),
        ("DATABASE_HOST", "/tmp/pg"),
        ("DB_PORT", "5433"),
        ("DJANGO_SECRET_KEY", "k" * 50),
        ("SHOP_POSTGRESQL_HOST", "/tmp/pg"),
        ("SHOP_SITE_URL", "http://shop.localhost:8800"),
        ("POSTGRES_DBNAME", "p00000042"),
        ("PG_PORT", "5433"),
        ("ALLOWED_HOSTS", "shop.localhost"),
        ("allowed_host", "shop.localhost"),
        ("secret_key", "k" * 50),
        ("APP_DOMAIN", "shop.localhost"),
        ("SITE_ID", "1"),
    ],
)
def test_names_that_projects_use_get_what_the_platform_knows(name: str, value: str) -> None:
    assert fill([name], known()) == {name: value}


def test_what_only_the_owner_knows_and_what_has_no_common_format_is_left_alone() -> None:
    assert fill(["STRIPE_API_KEY", "STRIPE_SECRET_KEY", "DEBUG", "DJANGO_DEBUG"], known()) == {}
    assert not is_known("DEBUG", redis=True)


def test_a_switch_that_takes_an_empty_value_as_off_gets_one() -> None:
    assert fill(["DEBUG=", "DB_PORT"], known()) == {"DEBUG": "", "DB_PORT": "5433"}
    assert fill(["DEBUG=0"], known()) == {"DEBUG": "0"}


def test_what_is_of_a_mail_server_is_filled_and_the_guest_told_until_its_owner_gave_it() -> None:
    reads = ["POST_WORD@=", "POST_PORT=25", "DB_PORT"]
    assert fill(reads, known()) == {"POST_WORD": "", "POST_PORT": "25", "DB_PORT": "5433"}
    assert mail(reads, own=[]) == {"DZ_MAIL": "log"}
    assert mail(reads, own=["POST_WORD"]) == mail(["POST_PORT=25"], own=[]) == {}


def test_an_api_that_calls_itself_the_back_end_is_at_the_sites_own_address() -> None:
    assert fill(["BACKEND_DOMAIN", "BACKEND_URL"], known()) == {
        "BACKEND_DOMAIN": known().hosts[0],
        "BACKEND_URL": known().url,
    }
    assert not is_known("FRONTEND_URL", redis=True)


def test_what_means_a_known_name_by_another_gets_its_value() -> None:
    assert fill(["PASSWORD<DB_PASSWORD", "WHERE<DB_PORT"], known()) == {
        "PASSWORD": known().database.password.reveal(),
        "WHERE": "5433",
    }


REDIS = Redis(app_id=AppId.of(42), port=21007, password=Secret("r3dis"))
URL = "redis://:r3dis@127.0.0.1:21007/0"


def test_what_a_project_reads_of_redis_is_filled_where_it_has_one_of_its_own() -> None:
    names = ["REDIS_URL", "SHOP_REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "CELERY_BROKER_URL", "CACHE_URL", "REDISH"]
    names += ["REDIS_CHANNELS_DB", "REDIS_BACKEND"]
    own = fill(names, replace(known(), redis=REDIS))
    assert own == {
        "REDIS_CHANNELS_DB": "0",
        "REDIS_BACKEND": URL,
        "REDIS_URL": URL,
        "SHOP_REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": "21007",
        "REDIS_PASSWORD": "r3dis",
        "CELERY_BROKER_URL": URL,
        "CACHE_URL": URL,
    }
    assert fill(names, known()) == {}
    assert is_known("REDIS_URL", redis=True)
    assert not is_known("REDIS_URL", redis=False)


def test_a_redis_is_made_where_services_name_it_and_its_owner_gave_none() -> None:
    asks = "[project]\nservices = redis\n"
    assert wants_redis(asks, ["DEBUG"])
    assert not wants_redis(asks, ["REDIS_URL"])
    assert not wants_redis("[project]\nservices = celery\n", [])


def test_a_broker_that_its_owner_gave_is_left_alone() -> None:
    assert broker(REDIS, ["DEBUG"]) == {"CELERY_BROKER_URL": URL}
    assert broker(REDIS, ["CLOUDAMQP_URL"]) == {}
