"""The dispatcher (``python -m dz.tasks.dispatch``): one loop that rings ready steps, ends expired leases and
begins the nightly backups.

It sleeps until zoomdb notifies, a second at most. What it can't publish it rings again; it keeps nothing in memory that
a restart would lose, and two of them do no harm. Messages hold ids alone.
"""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from kombu import Queue
from kombu.exceptions import OperationalError as BrokerError

from dz import log as events
from dz.settings import BrokerSettings, Common
from dz.tasklib.pipeline import APPSERVER, DATABASE, PROXY
from dz.tasks.celeryapp import app
from dz.tasks.faults import point
from dz.tasks.queues import all_appservers, step_queue
from dz2 import backups, ringing
from dz2.channels import RECONCILE, REROUTE, RING

TURN = 1.0
AT_ONCE = 100
NIGHTLY = 10.0  # seconds between two looks for a nightly backup that is due

log = events.get_logger()


@dataclass(slots=True)
class Dispatcher:
    """The loop's connections; ``going`` ends it."""

    settings: Common
    broker_url: str
    going: bool = True
    _reconciled: float = field(default_factory=time.monotonic)
    _nightly: float = field(default_factory=time.monotonic)
    _listener: psycopg.Connection[Any] | None = None
    _broker: Any = None

    def run(self) -> None:
        while self.going:
            try:
                self._turn()
                self._wait()
            except (OperationalError, InterfaceError, psycopg.Error) as error:
                log.warning("dispatch.zoomdb", error=str(error))
                self._close_zoomdb()
                time.sleep(TURN)
        self._close_zoomdb()
        self._close_broker()

    def stop(self, *_: object) -> None:
        self.going = False

    def _turn(self) -> None:
        rung = self._ring()  # first: a worker waits for it
        ringing.expire()  # what this makes ready is notified
        ringing.lose_patience(self.settings.patience)
        if not rung:
            return
        if time.monotonic() - self._nightly >= NIGHTLY:
            self._nightly = time.monotonic()
            backups.accept_due(self.settings.backup_at)
        if time.monotonic() - self._reconciled >= self.settings.reconcile_every:
            self._reconciled = time.monotonic()
            self._reconcile()

    def _ring(self) -> bool:
        """Whether the broker takes what is due."""
        while rings := ringing.due_rings(AT_ONCE, again=self.settings.ring_again):
            if not self._publish(rings):
                return False
        return True

    def _publish(self, rings: list[ringing.Ring]) -> bool:
        """Whether the broker confirmed them all; from the first that it does not they are due again in a second."""
        for i, ring in enumerate(rings):
            queue = step_queue(ring.queue, self.broker_url)
            if not self._send(ring.name, (ring.step_id, ring.attempt), queue=queue):
                for lost in rings[i:]:
                    ringing.ring_failed(lost)
                return False
            point("published", step=ring.name, attempt=ring.attempt)
            log.info("step.rung", step=ring.name, step_id=ring.step_id, attempt=ring.attempt, rings=ring.rings)
        return True

    def _reconcile(self) -> None:
        everywhere = all_appservers()
        self._send("reconcile", (), queue=Queue(everywhere.name, everywhere), declare=[everywhere])
        for name in (PROXY, DATABASE):
            self._send("reconcile", (), queue=step_queue(name, self.broker_url))

    def _send(self, name: str, args: tuple[int, ...], **where: Any) -> bool:
        try:
            if self._broker is None:
                self._broker = app.connection_for_write(connect_timeout=5)
            with app.amqp.Producer(self._broker) as producer:
                app.send_task(name, args, producer=producer, retry=False, **where)
        except (BrokerError, *self._broker.connection_errors, *self._broker.channel_errors, OSError) as error:
            log.warning("dispatch.broker", error=type(error).__name__)
            self._close_broker()
            return False
        return True

    def _wait(self) -> None:
        if self._listener is None:
            url = self.settings.zoomdb_url.get_secret_value()
            self._listener = psycopg.connect(url, autocommit=True, connect_timeout=5)
            for channel in (RING, RECONCILE, REROUTE):
                self._listener.execute(f"LISTEN {channel}")
            return  # what became ready before we listened is found by another turn
        for heard in self._listener.notifies(timeout=TURN, stop_after=1):
            # One that is lost is made up for by the next round.
            if heard.channel == RECONCILE:
                self._send("reconcile", (), queue=step_queue(f"{APPSERVER}_{heard.payload}", self.broker_url))
            elif heard.channel == REROUTE:
                self._send("reconcile", (), queue=step_queue(PROXY, self.broker_url))

    def _close_zoomdb(self) -> None:
        connection.close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _close_broker(self) -> None:
        if self._broker is not None:
            with contextlib.suppress(BrokerError, OSError):  # a broken connection may break again while it is closed
                self._broker.release()
            self._broker = None


def main() -> None:
    events.configure()
    broker = BrokerSettings()  # type: ignore[call-arg]
    dispatcher = Dispatcher(Common(), broker.broker_url.get_secret_value())  # type: ignore[call-arg]
    signal.signal(signal.SIGTERM, dispatcher.stop)
    signal.signal(signal.SIGINT, dispatcher.stop)
    log.info("dispatch.ready")
    dispatcher.run()


if __name__ == "__main__":
    main()
