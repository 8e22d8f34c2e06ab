"""A command's pipes: what goes in, what comes out, for how long, and that no fork of ours holds them open."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, cast

from dz.errors import Cancelled

CHUNK = 64 * 1024
LAST = 1.0  # seconds to read what an ended command has said, where stragglers go on and on

# A worker forks its pool's processes while its threads run commands. Such a child would keep open what is there at that
# moment of a command's pipes, and who waits for their end (Popen for the program's start, a program for the end of its
# input) would wait for as long as the child lives. So a fork waits until a command has started, and the child lets go.
starting = threading.RLock()
_fed: set[int] = set()  # our ends of the inputs of commands that run


def _let_go() -> None:
    if _fed:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for end in _fed:
            os.dup2(nowhere, end, inheritable=False)  # the number stays taken: an object of the parent's still has it
        os.close(nowhere)
        _fed.clear()
    starting.release()


os.register_at_fork(before=starting.acquire, after_in_parent=starting.release, after_in_child=_let_go)


def feeds(process: subprocess.Popen[bytes]) -> None:
    """Our end of its input is known from now on. Called while ``starting`` is held."""
    if process.stdin is not None:
        _fed.add(process.stdin.fileno())


def close(process: subprocess.Popen[bytes]) -> None:
    """Our ends of its pipes; once more it is harmless."""
    if process.stdin is not None:
        _let_end(process.stdin)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


class Overtime(Exception):
    """The command ran longer than it may."""


class Tail:
    """The last ``most`` bytes of what it is given."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._value = bytearray()

    def __call__(self, piece: bytes) -> None:
        self._value += piece
        if len(self._value) > self._most:
            del self._value[: len(self._value) - self._most]

    def value(self) -> bytes:
        return bytes(self._value)


def both(first: Callable[[bytes], None], second: Callable[[bytes], None] | None) -> Callable[[bytes], None]:
    def take(piece: bytes) -> None:
        first(piece)
        if second is not None:
            second(piece)

    return take


def pump(
    process: subprocess.Popen[bytes],
    stdin: bytes,
    until: float,
    take: Callable[[bytes], None],
    take_error: Callable[[bytes], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    """Move bytes until the command has ended and its pipes are at their end (or held only by stragglers, which its
    caller ends, in silence or not). ``until``: of time.monotonic(). Raises Overtime and Cancelled."""

    def go_on() -> None:
        if time.monotonic() > until:
            raise Overtime
        if cancelled is not None and cancelled():
            raise Cancelled("the command was stopped")

    with _registered(process, take, take_error) as selector:
        left, ended, silent = memoryview(stdin), 0.0, False
        while selector.get_map():
            go_on()
            ready = selector.select(0 if ended and silent else 0.2)
            for key, _ in ready:
                if key.data is None:
                    left = _feed(selector, key, left)
                else:
                    _drain(selector, key)
            silent = not ready
            if ended and (silent or time.monotonic() > ended + LAST):
                return
            if not ended and process.poll() is not None:
                ended = time.monotonic()  # what it said since we looked is still to be read
    while process.poll() is None:
        go_on()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


def _registered(
    process: subprocess.Popen[bytes], take: Callable[[bytes], None], take_error: Callable[[bytes], None] | None
) -> selectors.BaseSelector:
    """Each pipe with who takes what comes out of it; the command's input has nobody."""
    selector = selectors.DefaultSelector()
    if process.stdout is not None:
        selector.register(process.stdout, selectors.EVENT_READ, take)
    if process.stderr is not None:
        selector.register(process.stderr, selectors.EVENT_READ, take_error)
    if process.stdin is not None:
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE, None)
    return selector


def _drain(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    if piece := os.read(key.fd, CHUNK):
        key.data(piece)
    else:
        selector.unregister(key.fileobj)


def _feed(selector: selectors.BaseSelector, key: selectors.SelectorKey, left: memoryview) -> memoryview:
    try:
        left = left[os.write(key.fd, left[:CHUNK]) :]
    except BrokenPipeError:
        left = left[len(left) :]
    if not left:
        selector.unregister(key.fileobj)
        _let_end(cast("IO[bytes]", key.fileobj))
    return left


def _let_end(stdin: IO[bytes]) -> None:
    """Close it; once more it is harmless."""
    with starting, contextlib.suppress(BrokenPipeError):
        if not stdin.closed:
            _fed.discard(stdin.fileno())
            stdin.close()
