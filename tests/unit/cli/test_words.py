"""Numbers and tables as people read them."""

from __future__ import annotations

import io

import pytest

from dz.cli.following import step_line
from dz.cli.screen import Screen
from dz.cli.words import Column, cut, table
from dz.words import certainty, duration, kept, listing, share, size

STEP = {"title": "Install 61 dependencies", "host": "build-1", "state": "succeeded", "seconds": 6.9, "usual": None}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (1.84, "1.8 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (8040, "2 h 14 min"),
    ],
)
def test_a_duration_is_said_in_the_units_of_its_size(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(None, "-"), (0, "0 B"), (84_000_000, "84 MB"), (1_900_000_000, "1.9 GB"), (41e9, "41 GB"), (999_700, "1 MB")],
)
def test_a_size_is_said_in_the_units_of_its_size(count: float | None, said: str) -> None:
    assert size(count) == said


def test_shares_certainty_and_lists_are_words() -> None:
    assert share(0.314) == "31 %"
    assert [certainty(one) for one in (1, 0.95, 0.72, 0.5)] == ["certain", "certain", "likely", "a guess"]
    assert [listing(one) for one in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert (cut("shop", 4), cut("shop-window", 5)) == ("shop", "shop…")


COLUMNS = [Column("job", right=True), Column("project"), Column("host", drop=1), Column("took", right=True, drop=2)]
COLUMNS += [Column("error"), Column("subject", cuts=True)]
ROWS = [["7", "shop", "build-1", "12 s", "settings.variable-missing", "Add receipts to the order page"]]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_keeps_to_the_width_and_never_cuts_an_id(width: int) -> None:
    lines = table(COLUMNS, ROWS, width)
    assert all(len(line) <= width for line in lines)
    assert all("settings.variable-missing" in line for line in lines[1:])
    assert ("build-1" in lines[1]) is (width == 120)


def test_a_step_line_loses_its_host_below_60_columns() -> None:
    wide, narrow = (step_line(screen(width=width, NO_COLOR="1"), STEP) for width in (80, 59))
    assert wide == " ✓ Install 61 dependencies             build-1       6.9 s"
    assert narrow == " ✓ Install 61 dependencies               6.9 s"
    longer = step_line(screen(width=80, NO_COLOR="1"), STEP | {"title": "Build the bundle: install 61 dependencies"})
    assert longer.index("build-1") == wide.index("build-1")


class Terminal(io.StringIO):
    def __init__(self, encoding: str = "utf-8", *, tty: bool = True) -> None:
        super().__init__()
        self._encoding, self._tty = encoding, tty

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._tty


def screen(*, width: int | None = 80, tty: bool = True, encoding: str = "utf-8", **environ: str) -> Screen:
    streams = {"out": Terminal(encoding, tty=tty), "err": Terminal(encoding, tty=tty)}
    return Screen(**streams, environ=environ, width=width, colour=environ.pop("option", "") != "off")


@pytest.mark.parametrize(
    ("tty", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (True, {"option": "off", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_unless_told_otherwise(tty: bool, environ: dict[str, str], coloured: bool) -> None:
    assert ("\x1b[31m" in screen(tty=tty, **environ).paint("no", "bad")) is coloured


def test_signs_are_ascii_where_the_locale_is() -> None:
    plain = screen(encoding="ascii", NO_COLOR="1")
    assert (plain.sign("succeeded"), plain.sign("failed")) == ("ok  ", "FAIL")
    plain.answer("shop · ✓")
    assert plain.out.getvalue() == "shop ? ?\n"  # type: ignore[attr-defined]


def test_a_line_that_is_written_over_leaves_nothing_behind() -> None:
    live = screen(NO_COLOR="1")
    live.over("4 s")
    live.say("done")
    assert live.err.getvalue() == "\r\x1b[K4 s\r\x1b[Kdone\n"  # type: ignore[attr-defined]
    piped = screen(tty=False)
    piped.over("4 s")
    assert piped.err.getvalue() == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(("host", "said"), [(None, ""), ("app-1", " but what migrations did")])
def test_what_migrations_did_is_not_called_undone(host: str | None, said: str) -> None:
    steps = [{"name": "deploy", "host": "app-1"}, {"name": "post_build_hooks", "host": host}]
    assert kept(steps) == f"nothing of this job was kept{said}"
