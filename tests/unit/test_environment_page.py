"""docs/environment.md says what dz.settings reads: no more, no less."""

from __future__ import annotations

import re
from pathlib import Path

from dz.settings import BrokerSettings, Common, PanelSettings, WorkerSettings

PAGE = Path(__file__).parents[2] / "docs" / "environment.md"


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `(DZ_[A-Z_]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE))


def test_every_setting_is_on_the_page_in_the_words_of_the_code() -> None:
    wanted = {}
    for model in (Common, BrokerSettings, PanelSettings, WorkerSettings):
        for name, field in model.model_fields.items():
            wanted[f"DZ_{name.upper()}"] = field.description
    assert {name: words for name, words in rows().items() if name in wanted} == wanted
