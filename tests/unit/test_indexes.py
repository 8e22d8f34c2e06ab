"""The operator's package indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.seams.sandbox.indexes import configured


@pytest.mark.parametrize(
    ("variables", "protected"),
    [
        ({"UV_DEFAULT_INDEX": "https://mirror.example/simple"}, False),
        ({"UV_DEFAULT_INDEX": "https://ops:secret@mirror.example/simple"}, True),
        ({"UV_DEFAULT_INDEX": "https://a-token@mirror.example/simple"}, True),
        ({"npm_config_registry": "https://ops:secret@npm.example/"}, True),
        ({"UV_INDEX": "https://one.example/ https://ops:secret@two.example/"}, True),
    ],
)
def test_an_index_with_a_password_is_known_as_one(variables: dict[str, str], protected: bool) -> None:
    assert configured({"PIP_CONFIG_FILE": "/dev/null", **variables}).protected is protected


def test_npms_registry_is_let_through_by_name_too(tmp_path: Path) -> None:
    plain = {"PIP_CONFIG_FILE": "/dev/null", "HOME": str(tmp_path)}
    assert {("registry.npmjs.org", 443), ("registry.yarnpkg.com", 443)} <= configured(plain).hosts
    (tmp_path / ".npmrc").write_text("fund=false\nregistry = http://npm.mirror.example:4873/\n")
    assert ("npm.mirror.example", 4873) in configured(plain).hosts
    told = configured(plain | {"npm_config_registry": "https://other.example/npm/"})
    assert ("other.example", 443) in told.hosts and told.npm == "https://other.example/npm/"


def test_what_is_asked_in_clear_is_named_for_pip_without_the_password() -> None:
    given = {
        "PIP_INDEX_URL": "http://me:secret@devpi.corp:3141/root/",
        "PIP_EXTRA_INDEX_URL": "https://pypi.org/simple",
    }
    assert configured({"HOME": "/nonexistent", **given}).without_tls == ("devpi.corp:3141",)
