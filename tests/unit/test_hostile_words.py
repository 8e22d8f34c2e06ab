"""No words of a server, a build script or a site hold up the worker that reads them: its lease's thread would wait, too."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dz.administrator import none_made
from dz.errors import UserError
from dz.tasklib.appserver.blame import blame, last_words
from dz.tasklib.build import (
    askedfor,
    completing,
    front_end,
    gitfailure,
    giturl,
    interpreters,
    lingering,
    oldreleases,
    relaxing,
    uvfailure,
)

MOST = 64_000  # characters, as many as are kept of what a command says
FOLDER = giturl.parse("file:///nowhere", file_urls=True)  # of a host the network would be asked


def git(said: str) -> object:
    return gitfailure.explain(FOLDER, said)


def uv(said: str) -> object:
    return uvfailure.failure(said, python="3.12")


def uv_without_a_solution(said: str) -> object:
    return uvfailure.failure(f"error: No solution found\n  cause: Because {said}", python="3.12")


def uv_of_git(said: str) -> object:
    return uvfailure.failure(f"Git operation failed\n{said}", python="3.12")


def address(said: str) -> object:
    return askedfor._patterns(UserError("build.git-requirement", reason=f"{said}@"))


def refused(said: str) -> object:
    return oldreleases._REFUSED.search(said), oldreleases._OTHER_ARCHIVE.search(said)


def of_a_front_end(said: str) -> object:
    return lingering.DONE.search(said), lingering.BEGUN.search(said)


def administrator(said: str) -> object:
    return none_made("shop", {"lacks": said, "fixtures": [said]}, "")


def slip(said: str) -> object:
    return completing.BROKEN.search(said), completing.F_STRING.search(said)


def option(said: str) -> object:
    return relaxing._OPTION.search(f"Expected `--hash`, found `--{said}")


@pytest.mark.parametrize(
    "read",
    [
        git, uv, uv_without_a_solution, uv_of_git, address, refused, option, blame, last_words, front_end.reason, front_end.lacking, of_a_front_end,
        interpreters.django_range, administrator, slip,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "words",
    [
        "a", "a.", "0", " ", "\n", "\t\n", "'", "`", ":", "--", "a:1:", "error", "ERROR: ", "ERROR: a\n", "npm error ", "repository ", "repository '",
        "git://", "https://a.git", "fatal: ", "Expected `--hash`, found `--a", "Failed to fetch: `https://",
        "File not found: ", "you require a==", "built in ", "compiled with 0", "\n> ", "building for ", "Traceback (most recent call last):\n", "sh: 1: ", "sh: line ", "make: a", '  File "a", line 1\n',
    ],
)  # fmt: skip
def test_words_that_begin_again_and_again_are_read_in_no_time(read: Callable[[str], object], words: str) -> None:
    began = time.process_time()
    read(words * (MOST // len(words)))
    assert time.process_time() - began < 0.5


def test_a_front_end_that_fails_without_a_word_is_told_so() -> None:
    assert front_end.reason(" \n\n") == "it said nothing"
    assert front_end.reason("npm error:\nno such file") == "npm error: no such file"


@pytest.mark.parametrize(
    ("said", "program"),
    [
        ("> x@1 build\n> make css\n\nsh: 1: make: not found\n", "make"),
        ("/bin/sh: line 1: rsync: command not found\n", "rsync"),
        ("make: python3: No such file or directory\nmake: *** [Makefile:2: css] Error 127\n", "python3"),
        ("sh: 1: webpack: not found\n", ""),  # a package of npm would bring it
        ("make: *** No rule to make target 'css'.  Stop.\n", ""),
    ],
)
def test_a_script_that_calls_what_the_host_lacks_is_told_with_the_program(said: str, program: str) -> None:
    assert front_end.lacking(said) == program
