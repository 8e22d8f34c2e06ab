"""Which missing modules are completed: well known ones, once each."""

from __future__ import annotations

import pytest

from dz.tasklib.build.completing import MOST, addition


@pytest.mark.parametrize(
    ("module", "added", "expected"),
    [
        ("debug_toolbar.urls", (), "django-debug-toolbar"),
        ("debug_toolbar", ("django-debug-toolbar",), ""),  # it did not help
        ("shop.local_settings", (), ""),
        ("", (), ""),
        ("pytz", tuple(map(str, range(MOST))), ""),
    ],
)
def test_a_known_module_is_added_once(module: str, added: tuple[str, ...], expected: str) -> None:
    assert addition(module, added) == expected
