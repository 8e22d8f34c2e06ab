"""The guest's answer never shows in the log, however its bytes arrive."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dz.tasklib.managing import hiding


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_output_goes_to_the_log_up_to_the_marker(size: int) -> None:
    shown = bytearray()
    ctx = SimpleNamespace(log=SimpleNamespace(output=shown.extend))
    take = hiding(ctx, "MARKER")  # type: ignore[arg-type]
    stream = b"Applying auth.0001... OK\nMARK is no marker\nMARKER\n" + b'{"ok": true}\n'
    for start in range(0, len(stream), size):
        take(stream[start : start + size])
    assert bytes(shown) == b"Applying auth.0001... OK\nMARK is no marker\n"


def test_a_line_is_shown_when_it_comes_and_a_command_that_is_killed_loses_none() -> None:
    shown = bytearray()
    take = hiding(SimpleNamespace(log=SimpleNamespace(output=shown.extend)), "MARKER")  # type: ignore[arg-type]
    take(b"ValueError: the last words\n")
    assert bytes(shown) == b"ValueError: the last words\n"
