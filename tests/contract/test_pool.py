"""The panel's pool of connections to zoomdb, with a real server that goes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import psycopg_pool
import pytest
from psycopg_pool import ConnectionPool

from dz2.settings import POOL
from tests.postgres import PostgresServer, start_postgres
from tests.servers import free_port

AT_ONCE = 10


@contextmanager
def zoomdb_that_goes() -> Iterator[tuple[PostgresServer, subprocess.Popen[bytes]]]:
    """A server of the test's own, and its process."""
    folder = Path(tempfile.mkdtemp(prefix="dzpg-", dir="/tmp"))
    folder.chmod(0o755)
    server, process = start_postgres(folder, free_port())
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(process.wait, 30)
        stack.callback(process.kill)
        yield server, process


def fill(stack: ExitStack, url: str) -> None:
    """Take every connection that is left."""
    for _ in range(1000):
        stack.enter_context(psycopg.connect(url))


def test_who_asks_while_zoomdb_takes_no_more_gets_the_next_that_comes_back() -> None:
    with zoomdb_that_goes() as (server, _), ExitStack() as stack:
        pool = stack.enter_context(ConnectionPool(server.url(), open=True, **POOL))
        mine = pool.getconn()
        with pytest.raises(psycopg.OperationalError, match="too many"):
            fill(stack, server.url())
        with ThreadPoolExecutor(1) as asking:
            waits = asking.submit(pool.getconn)
            with pytest.raises(TimeoutError):
                waits.result(0.5)
            pool.putconn(mine)
            pool.putconn(waits.result(5))


def test_who_asks_while_zoomdb_is_away_is_refused_at_once_as_often_as_it_asks() -> None:
    with zoomdb_that_goes() as (server, process), ExitStack() as stack:
        check = ConnectionPool.check_connection  # as Django has it
        pool = stack.enter_context(ConnectionPool(server.url(), open=True, check=check, **POOL))
        with ExitStack() as held:  # some are idle when it goes
            for _ in range(3):
                held.enter_context(pool.connection()).execute("SELECT 1")
        process.send_signal(signal.SIGQUIT)
        process.wait(30)

        def seconds(_: int) -> float:
            began = time.monotonic()
            try:
                pool.getconn()
            except psycopg_pool.PoolTimeout:
                raise AssertionError("it waited as for a connection that comes back") from None
            except psycopg.OperationalError:
                return time.monotonic() - began
            raise AssertionError("zoomdb is not away")

        for _ in range(3):
            with ThreadPoolExecutor(AT_ONCE) as many:
                assert max(many.map(seconds, range(AT_ONCE))) < 2
