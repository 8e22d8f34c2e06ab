"""Who visits the panel by plain links and forms, and reads its pages as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.panels import Hands

URL = "https://git.example/ada/shop"


@pytest.fixture
def site(zoomdb: str, keys_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """This process is the panel, over an empty zoomdb."""
    from dz2 import accounts

    for name, value in {
        "DZ_HOME": tmp_path,
        "DZ_ZOOMDB_URL": zoomdb,
        "DZ_KEYS_FILE": keys_file,
        "DZ_PANEL_URL": "http://localhost:8800/",
    }.items():
        monkeypatch.setenv(name, str(value))
    accounts.panel.cache_clear()
    yield
    accounts.panel.cache_clear()


@pytest.fixture
def nobody(site: None) -> Client:
    return Client()


@pytest.fixture
def ada(nobody: Client) -> Client:
    """Signed in as an administrator."""
    from django.contrib.auth import get_user_model

    nobody.force_login(get_user_model().objects.create_user("ada@example.org", first_name="Ada", is_staff=True))
    return nobody


def to(answer: Any) -> str:
    """Where a redirect leads."""
    assert answer.status_code == 302, shown(answer)
    return str(answer.headers["Location"])


def shown(answer: Any) -> str:
    """The page as text, blanks made one."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode())
    return " ".join(text.replace("&#x27;", "'").replace("&quot;", '"').replace("&lt;", "<").split())


def checked(ada: Client, hands: Hands, *variables: str) -> None:
    assert ada.post("/new", {"target": URL}).status_code == 302
    hands.check(variables=variables)
