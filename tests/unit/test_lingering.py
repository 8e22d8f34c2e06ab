"""A build is over once it has said so and then nothing; never because it is silent."""

from __future__ import annotations

import time

import pytest

from dz.tasklib.build.lingering import Lingering


@pytest.mark.parametrize(
    ("pieces", "over"),
    [
        ((b" \x1b[42m DO", b"NE \x1b[0m Build complete. The dist directory is ready"), True),
        ((b"webpack 5.91.0 compiled successfully in 812 ms\n",), True),
        ((b"\xe2\x9c\x93 built in 2.31s\n",), True),
        ((b"building for production...\n", b"transforming (312)"), False),
        ((b"\xe2\x9c\x93 built in 2.31s\n", b"\n> shop@1.0.0 build:admin\n> react-scripts build\n"), False),
        ((b"built in 2.31s\nCreating an optimized production build...\n",), False),
        ((b"built in 2.31s\n> a@1 b\n", b"compiled successfully", b"\n  dist/a.js  1.2 kB\n"), True),
        ((b"built in 2.31s\n", b"a" * 5000), True),
        ((), False),
    ],
)
def test_only_its_own_word_ends_a_build_that_is_silent(pieces: tuple[bytes, ...], over: bool) -> None:
    heard: list[bytes] = []
    watch = Lingering(lambda: False, heard.append, still=-1.0)
    for piece in pieces:
        watch.heard(piece)
    assert (watch.over, watch.asked(), heard) == (over, over, list(pieces))


def test_a_build_that_goes_on_speaking_goes_on_and_a_job_that_is_to_end_ends_it() -> None:
    stopping: list[bool] = []
    watch = Lingering(lambda: bool(stopping), lambda _: None, still=60.0)
    watch.heard(b"DONE Compiled\n")
    assert not watch.over and not watch.asked()
    stopping.append(True)
    assert watch.asked() and not watch.over


def test_what_it_says_as_it_is_ended_makes_it_no_job_that_was_cancelled() -> None:
    watch = Lingering(lambda: False, lambda _: None, still=0.05)
    watch.heard(b"Build complete.\n")
    time.sleep(0.1)
    assert watch.asked()
    watch.heard(b"closing the watcher\n")
    assert watch.over
