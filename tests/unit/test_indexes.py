"""The operator's package indexes."""

from __future__ import annotations

import pytest

from dz.seams.sandbox.indexes import configured


@pytest.mark.parametrize(
    ("variables", "protected"),
    [
        ({"UV_DEFAULT_INDEX": "https://mirror.example/simple"}, False),
        ({"UV_DEFAULT_INDEX": "https://ops:secret@mirror.example/simple"}, True),
        ({"UV_DEFAULT_INDEX": "https://a-token@mirror.example/simple"}, True),
        ({"UV_INDEX": "https://one.example/ https://ops:secret@two.example/"}, True),
    ],
)
def test_an_index_with_a_password_is_known_as_one(variables: dict[str, str], protected: bool) -> None:
    assert configured({"PIP_CONFIG_FILE": "/dev/null", **variables}).protected is protected
