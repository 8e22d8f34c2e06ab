"""The platform's own events: one JSON line each, never a secret, and never a reason for a forked process to wait."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dz.log import Secret, configure, get_logger

# Its thread fills the pipe that nobody reads, and is in mid-write when the child is forked.
FORKS = """
import os, select, signal, sys, threading
from dz import log

log.configure()
def fill():
    while True:
        log.get_logger().info("long", text="x" * 3000)

threading.Thread(target=fill, daemon=True).start()
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


# Two threads and a child write into one pipe what is longer than the kernel keeps in one piece.
TOGETHER = """
import os, threading
from dz import log

log.configure()
os.fork()
def tell():
    for _ in range(200):
        log.get_logger().error("long", exception="begin" + "\u00e9" * 5000 + "end", second="y" * 5000, n=1)

both = [threading.Thread(target=tell) for _ in range(2)]
for one in both: one.start()
for one in both: one.join()
"""
# Nobody reads: a pipe that is full and not waited for, and one whose other end is gone.
UNHEARD = """
import os
from dz import log

log.configure()
reading, writing = os.pipe()
os.dup2(writing, 2)
os.set_blocking(2, False)
for _ in range(100):
    log.get_logger().info("long", text="x" * 3000)
os.close(reading)
log.get_logger().info("short")
print("went on")
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-W", "ignore", "-c", program]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)


def test_a_process_that_is_forked_while_a_thread_writes_an_event_writes_its_own() -> None:
    words = [sys.executable, "-W", "ignore", "-c", FORKS]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"


def test_long_events_of_several_threads_and_processes_stay_apart() -> None:
    lines = run(TOGETHER).stderr.splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["n"] for one in told] == [1] * 800
    assert told[0]["exception"].startswith("begin") and told[0]["exception"].endswith("end")


def test_an_event_that_nobody_hears_fails_nobody() -> None:
    assert run(UNHEARD).stdout == "went on\n"


def test_an_event_is_one_line_without_what_must_not_be_shown(capfd: pytest.CaptureFixture[str]) -> None:
    configure()
    get_logger().warning("asked", url="https://ann:word@example.org/", key=Secret("word"), api_token="word", n=1)
    [line] = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["n"]) == ("asked", "warning", 1)
    assert "word" not in line
