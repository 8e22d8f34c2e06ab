"""What a site writes: reading on through rotations, and how grave a line is."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dz.tasklib.appserver import spool
from dz.tasklib.appserver.levels import Levels, at_least


def rotate(log: Path) -> None:
    """As supervisord does it."""
    for older, newer in ((2, 1), (1, 0)):
        source = log.with_name(f"{log.name}.{newer}") if newer else log
        if source.exists():
            source.rename(log.with_name(f"{log.name}.{older}"))
    log.touch()


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_bytes_are_read_once_through_two_rotations_also_in_small_pieces(tmp_path: Path) -> None:
    log, at, got = tmp_path / "web.log", None, b""
    append(log, "one\ntw")
    for more in ("o\nthree\n", "four\n", ""):
        piece = spool.read(log, at, most=4)
        assert piece is not None
        got, at = got + piece.data, piece.after(len(piece.data))
        rotate(log)
        append(log, more)
        if more == "four\n":
            break
    while (piece := spool.read(log, at, most=4)) and piece.data:
        assert not piece.lost
        got, at = got + piece.data, piece.after(len(piece.data))
    assert got == b"one\ntwo\nthree\nfour\n"


STEPS = st.lists(st.one_of(st.just("rotate"), st.integers(1, 9), st.text("ab\n", max_size=12)), max_size=40)


@settings(deadline=None)  # a busy machine is no failure
@given(steps=STEPS)
def test_whatever_is_written_rotated_and_read_comes_once_and_in_order(steps: list[str | int]) -> None:
    """A number reads a piece of at most so many bytes and is done with all but its last; two rotations are let pass."""
    with TemporaryDirectory() as folder:
        log, at, got, written, rotated = Path(folder) / "web.log", None, b"", "", 0
        log.touch()
        for step in [*steps, *[1000] * 3]:
            if step == "rotate" and rotated < 2:
                rotate(log)
                rotated += 1
            elif isinstance(step, int) and (piece := spool.read(log, at, most=step)):
                done = len(piece.data) - (step < 1000 and bool(piece.data))
                got, at = got + piece.data[:done], piece.after(done)
                assert not piece.lost
                rotated = rotated if piece.more or done < len(piece.data) else 0
            elif isinstance(step, str) and step != "rotate":
                append(log, step)
                written += step
        assert got.decode() == written


def test_half_a_line_at_the_end_of_a_rotated_file_goes_on_in_the_next(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    append(log, "one\ntw")
    rotate(log)
    append(log, "o\nthree")
    piece = spool.read(log, None)
    assert piece is not None and piece.data == b"one\ntwo\nthree"
    assert piece.after(8) == spool.Position(log.stat().st_ino, 2)
    again = spool.read(log, piece.after(4))
    assert again is not None and again.data == b"two\nthree"


def test_what_was_rotated_away_or_cut_short_is_known_to_be_missing(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    append(log, "one\n")
    assert spool.read(log, spool.Position(inode=1, offset=0)) == spool.Piece(
        data=b"one\n",
        starts=((0, spool.Position(log.stat().st_ino, 0)),),
        written=log.stat().st_mtime,
        lost=True,
    )
    cut = spool.read(log, spool.Position(log.stat().st_ino, 99))
    assert cut is not None and (cut.data, cut.lost) == (b"one\n", True)
    assert spool.read(tmp_path / "other.log", None) is None


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("[2026-11-24 14:05:31 +0000] [42] [INFO] Booting worker with pid: 43", "info"),
        ("[2026-11-24 14:05:31,123: WARNING/MainProcess] late", "warning"),
        ("ERROR django.request: Internal Server Error: /", "error"),
        ("2026-11-24 14:05:31,123 - shop.cart - CRITICAL - no stock", "critical"),
        ("INFO:     Started server process [7]", "info"),
        ("[error] 7#7: something", "error"),
        ('{"level": "warning", "event": "slow"}', "warning"),
        ("GET /cart/ 200 34 ms", ""),
        ("GET /ERROR/ 404 3 ms", ""),
        ("POST /cart/ 502 34 ms", "error"),
        ("no ERROR_CODE here, nor a /path/ERROR", ""),
        ("hello", ""),
    ],
)
def test_a_line_says_how_grave_it_is(line: str, level: str) -> None:
    assert Levels().of(line) == level


def test_the_lines_of_a_traceback_belong_to_its_error() -> None:
    lines = """\
GET / 200 1 ms
ERROR django.request: Internal Server Error: /
Traceback (most recent call last):
  File "a.py", line 1, in a
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in b
ValueError: y
plain words
""".splitlines()
    levels = Levels()
    assert [levels.of(line) for line in lines] == ["", *["error"] * 10, ""]


def test_a_line_without_a_level_counts_as_information() -> None:
    assert at_least("error") == ("error", "critical")
    assert at_least("info") == ("info", "warning", "error", "critical", "")
