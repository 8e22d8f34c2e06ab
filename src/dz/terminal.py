"""What the two ends of a running command say to each other: the step beside the command, and ``dz``.

Both dial out to one WebSocket of the API, which passes everything on (``dz2.terminals``). A binary message is bytes of
one stream, a text message is JSON: ``met`` (from the relay: the other end is there), ``took`` (bytes of yours that
were taken), ``end`` (no more input), ``size`` (rows, columns), ``signal`` (INT), ``exit`` (the code; the last word).

Promises: no end has more than WINDOW bytes of one direction under way, so that a reader who pauses stops the writer and
not the connection, and a peer that vanished is noticed within a minute.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from dz.errors import DzError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

WINDOW = 256 * 1024
PIECE = 32 * 1024
STDIN, STDOUT, STDERR = 0, 1, 2
DIAL = 15.0  # seconds to be let in


class Gone(DzError):
    """The connection, or whoever was at its other end, is gone."""


class Line:
    """One end's connection. ``send``, ``tell`` and ``hear`` may each be called by a thread of its own."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._moved = threading.Condition()
        self._under_way = 0
        self._gone = False

    def room(self) -> bool:
        """Whether ``send`` would send at once."""
        with self._moved:
            return self._gone or self._under_way < WINDOW

    def send(self, stream: int, data: bytes) -> None:
        """Waits while too much is under way. Raises Gone."""
        with self._moved:
            self._moved.wait_for(lambda: self._gone or self._under_way < WINDOW)
            self._under_way += len(data)
        self._put(bytes([stream]) + data)

    def tell(self, **what: Any) -> None:
        """Raises Gone."""
        self._put(json.dumps(what))

    def hear(self, timeout: float) -> tuple[int, bytes] | dict[str, Any] | None:
        """A stream's bytes, to be answered by ``tell(took=...)``, or what was told; None for nothing. Raises Gone."""
        from websockets.exceptions import ConnectionClosed

        try:
            heard = self._connection.recv(timeout)
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as error:
            self.close()
            raise Gone(str(error)) from None
        if isinstance(heard, bytes):
            return (heard[0], heard[1:]) if heard else None
        told = _told(heard)
        taken = told.get("took")
        if not isinstance(taken, int):
            return told
        with self._moved:
            self._under_way = max(0, self._under_way - taken)
            self._moved.notify_all()
        return None

    def close(self) -> None:
        """Whoever waits in ``send`` goes on, and finds it gone."""
        with self._moved:
            self._gone = True
            self._moved.notify_all()
        self._connection.close()

    def _put(self, message: bytes | str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(message)
        except (ConnectionClosed, OSError) as error:
            raise Gone(str(error)) from None


def _told(text: str) -> dict[str, Any]:
    """What makes no sense is nothing said."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def dial(job: int, token: str, *, url: str, socket: str = "") -> Line:
    """Connect to the API at ``url``, by its unix socket if there is one. Raises Gone."""
    from websockets.exceptions import InvalidHandshake
    from websockets.sync import client

    scheme, _, rest = url.rstrip("/").partition("://")
    uri = f"{'wss' if scheme == 'https' else 'ws'}://{rest}/api/v1/jobs/{job}/terminal"
    options: dict[str, Any] = {
        "additional_headers": {"Authorization": f"Bearer {token}"},
        "compression": None,
        "open_timeout": DIAL,
        "close_timeout": 2,
        "max_size": 2 * PIECE,
        "max_queue": None,  # the window bounds it, and what is queued must not hold up an answer to a ping
    }
    try:
        if socket:
            return Line(client.unix_connect(socket, uri.replace("wss://", "ws://"), **options))
        return Line(client.connect(uri, proxy=None, **options))
    except (OSError, InvalidHandshake) as error:
        raise Gone(str(error) or type(error).__name__) from None
