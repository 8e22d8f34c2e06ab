"""At the address that ``dz`` was given listens something else than the platform: that is told, and nothing breaks."""

from __future__ import annotations

import pytest

from dz.cli.client import Api, Refused
from dz.cli.where import Server


@pytest.mark.parametrize(
    "answer",
    [b"<html>", b"[]", b"null", b'{"detail": "Not Found"}', b'{"error": 5, "error_id": "x"}', b"[" * 100_000],
    ids=lambda answer: answer[:20].decode(),
)
def test_an_error_that_is_none_of_the_platforms_is_told_as_that(answer: bytes) -> None:
    with pytest.raises(Refused) as refused:
        Api(Server(url="http://elsewhere"))._read(404, answer)
    assert refused.value.told.error_id == "cli.unexpected-answer"
