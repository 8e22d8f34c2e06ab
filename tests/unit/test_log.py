"""The platform's own events: one JSON line each, never a secret, and never a reason for a forked process to wait."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dz.log import Secret, configure, get_logger

# The first event fills the pipe that nobody reads: its thread is in mid-write when the child is forked.
FORKS = """
import os, select, signal, sys, threading
from dz import log

log.configure()
threading.Thread(target=lambda: log.get_logger().info("long", text="x" * 4_000_000), daemon=True).start()
while select.select([], [2], [], 0.01)[1]:
    pass
child = os.fork()
if child == 0:
    signal.alarm(20)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    log.get_logger().info("of the child")
    os._exit(0)
print(os.waitpid(child, 0)[1], flush=True)
os._exit(0)
"""


def test_a_process_that_is_forked_while_a_thread_writes_an_event_writes_its_own() -> None:
    words = [sys.executable, "-W", "ignore", "-c", FORKS]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"


def test_an_event_is_one_line_without_what_must_not_be_shown(capfd: pytest.CaptureFixture[str]) -> None:
    configure()
    get_logger().warning("asked", url="https://ann:word@example.org/", key=Secret("word"), api_token="word", n=1)
    [line] = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["n"]) == ("asked", "warning", 1)
    assert "word" not in line
