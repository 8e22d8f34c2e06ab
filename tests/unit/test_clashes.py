"""Which releases are known not to work together, by what was found."""

from __future__ import annotations

import pytest

from dz.tasklib.build.clashes import wishes


@pytest.mark.parametrize(
    ("have", "limits", "lines"),
    [
        ({"celery": "5.4.0", "kombu": "5.7.0", "redis": "5.0.1"}, [], ["kombu[redis]"]),
        ({"celery": "5.2.7", "kombu": "5.6.2", "redis": "3.5.3"}, [], ["kombu[redis]"]),
        ({"celery": "5.4.0", "kombu": "5.5.4", "redis": "6.2.0"}, [], ["kombu[redis]"]),
        ({"celery": "5.7.0", "kombu": "5.7.0", "redis": "8.1.0"}, [], []),
        ({"celery": "5.4.0", "kombu": "5.7.0"}, [], []),  # its broker is another
        ({"celery": "5.2.7", "importlib-metadata": "6.7.0"}, ["importlib-metadata<5"], []),
        ({"celery": "5.3.0", "importlib-metadata": "6.7.0"}, [], []),
        ({"pandas": "1.5.3", "scipy": "1.10", "numpy": "2.2.0"}, ["numpy<2"], []),
        ({"pandas": "1.5.3", "numpy": "1.26.4"}, [], []),
        ({"uvicorn": "0.11.7", "uvloop": "0.22.1"}, ["uvloop<0.22"], []),
        ({"jinja2": "", "markupsafe": "2.1"}, [], []),  # only building tells
    ],
)
def test_what_does_not_work_together_is_known(have: dict[str, str], limits: list[str], lines: list[str]) -> None:
    assert wishes(have) == (limits, lines)
