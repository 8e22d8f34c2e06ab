"""Which changes of a repository make its dependencies be worked out again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dz.tasklib.build.resolve import inputs_key
from dz.tasklib.build.wanted import Wanted


def test_a_list_that_another_one_may_include_does_and_an_e_mail_does_not(tmp_path: Path) -> None:
    indexes = SimpleNamespace(variables={})
    bench: Any = SimpleNamespace(
        tree=tmp_path, python=SimpleNamespace(version="3.12"), uv=lambda: Path("uv"), indexes=indexes
    )
    wanted = Wanted(installer="requirements", files=("requirements.txt", "site/static/requirements.txt"))

    def key(file: str, text: str) -> str:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return inputs_key(bench, wanted)

    first = key("requirements.txt", "-r docs/more.txt\n")
    assert key("shop/templates/mail/welcome.txt", "Hello") == first
    assert key("shop/models.py", "x = 1") == first
    key("requirements.txt", "-r docs/more.txt\n-r shop/templates/mail/welcome.txt\n")
    assert key("shop/templates/mail/welcome.txt", "django") != key("shop/templates/mail/welcome.txt", "Hello")
    second = key("docs/more.txt", "django")
    assert second != first
    assert key("site/static/requirements.txt", "gunicorn") != second, "named, wherever it lies"
