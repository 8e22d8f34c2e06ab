"""What comes with a request, as nginx passes it on while it comes: of a given length, or in chunks."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase

from dz.errors import Transient
from dz.pipes import CHUNK

LONGEST = 3600.0  # seconds in which it must be here: whoever sends holds a turn
OF_NO_USE, FOR_SO_LONG = 1_000_000, 5.0  # bytes and seconds of what is refused: whoever sends it holds a thread


class Body:
    """Its pieces, read once. Raises Transient when it breaks off, or takes for ever."""

    def __init__(self, stream: BufferedIOBase, headers: Message) -> None:
        self._stream = stream
        self._chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._left = 0 if self._chunked else int(headers.get("Content-Length") or 0)
        self._until = time.monotonic() + LONGEST
        self._dropped = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            while self._left or (self._chunked and self._next_chunk()):
                yield self._piece()
        except (OSError, ValueError) as error:
            raise Transient(f"the request broke off: {error}") from None

    def drop(self, connection: socket.socket) -> None:
        """As much of it as a small push is, since git reads no answer before it has sent all; of a larger one, or one
        that comes slowly, no more: the connection is to be closed then. Done again it takes no longer."""
        self._until = min(self._until, time.monotonic() + FOR_SO_LONG)
        pieces = iter(self)
        with contextlib.suppress(Transient):
            while self._dropped < OF_NO_USE and (left := self._until - time.monotonic()) > 0:
                connection.settimeout(left)
                if (piece := next(pieces, None)) is None:
                    break
                self._dropped += len(piece)
        connection.settimeout(FOR_SO_LONG)  # for the answer

    def _piece(self) -> bytes:
        piece = self._stream.read1(min(self._left, CHUNK))
        if not piece or time.monotonic() > self._until:
            raise Transient("the request broke off, or came too slowly")
        self._left -= len(piece)
        if self._chunked and not self._left:
            self._stream.readline()
        return piece

    def _next_chunk(self) -> int:
        """How long it is; 0 after the last."""
        self._left = int(self._stream.readline(20), 16)
        if not self._left:
            self._chunked = False
            self._stream.readline()  # a connection that is closed on what nobody read is an error to the other side
        return self._left
