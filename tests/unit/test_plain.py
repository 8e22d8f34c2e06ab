"""What a project may write to the administrator's terminal."""

import io
import random

import pytest

from dz.cli.screen import Screen
from dz.plain import coloured, plain
from dz.tasklib.appserver.blame import blame
from dz.tasklib.build.uvfailure import failure
from dz.tasklib.build.verdict import Failure

COMMANDS = {
    "clear": ("a\x1b[2Jb", "ab"),
    "8-bit clear": ("a\x9b2Jb", "ab"),
    "split by a NUL": ("a\x1b[2\x00Jb", "aJb"),
    "a question that the terminal answers": ("a\x1b[>c\x1b[6nb", "ab"),
    "soft reset": ("a\x1b[!pb", "ab"),
    "full reset": ("a\x1bcb", "ab"),
    "odd finals": ("a\x1b[1`\x1b[9@b", "ab"),
    "title": ("a\x1b]0;title\x07b", "ab"),
    "clipboard": ("a\x9d52;c;aGk=\x9cb", "ab"),
    "clipboard with an 8-bit end": ("a\x1b]52;c;aGk=\x9cb", "ab"),
    "a title without an end": ("a\x1b]0;title", "a0;title"),
    "a link": ("\x1b]8;;https://x.example\x1b\\words\x1b]8;;\x1b\\", "words"),
    "device control": ("a\x1bP$q\x1b\\b", "ab"),
    "reordered": ("a\u202eb\u2066c\u200fd", "abcd"),
    "overwritten": ("a\rb\bc", "abc"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_commands_a_terminal_is_dropped_and_the_words_stay(name: str) -> None:
    text, left = COMMANDS[name]
    assert plain(text) == left
    assert coloured(text) == left


def test_words_of_every_language_line_ends_tabs_and_colours_stay() -> None:
    words = "naïve Привет 日本語 👩\u200d💻\tx\n"
    assert plain(words) == coloured(words) == words
    assert coloured("\x1b[1;31mred\x1b[0m") == "\x1b[1;31mred\x1b[0m"
    assert plain("\x1b[1;31mred\x1b[0m") == "red"
    assert coloured("\x1b[8mhidden") == "\x1b[8mhidden\x1b[0m"


def test_no_mixture_of_pieces_leaves_or_makes_a_sequence() -> None:
    pieces = [
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x9b",
        "\x9d",
        "\x9c",
        "\x1b\\",
        "[",
        "]",
        "2",
        ";",
        "?",
        "m",
        "J",
        "\x00",
        "a",
    ]
    chance = random.Random(7)
    for _ in range(20_000):
        text = "".join(chance.choices(pieces, k=8))
        assert "\x1b" not in plain(text)
        assert plain(coloured(text)) == plain(plain(text)) == plain(text)


def test_what_dz_prints_of_a_log_or_an_error_commands_no_terminal() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out=out, err=err, environ={})
    screen.answer("web  \x1b]52;c;aGk=\x07hello\x9b2J")
    screen.say("It failed: \x1b[2Jgone\u202e")
    assert (out.getvalue(), err.getvalue()) == ("web  hello\n", "It failed: gone\n")


def test_errors_read_out_of_a_projects_output_carry_no_commands() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/x/\x1b[2Ja.py", line 3\n    b\x9b2J\nValueError: \x1b]0;t\x07no\n'
    )
    assert blame(text, root="/x").error == "ValueError: no"
    assert blame(text, root="/x").where == "a.py:3 b"
    assert failure("error: \x1b[31mbad\x1b[0m \x1b]0;t\x07things\x9b2J\n", python="3.12").brief.endswith("bad things.")
    assert Failure(kind="other", type="ValueError", message="\x1b[2Jno").summary == "ValueError: no"


def test_a_line_of_beginnings_without_an_end_is_read_once() -> None:
    assert coloured("\x90" * 32_000 + "words") == "words"  # it took seconds when each was looked through to its end
