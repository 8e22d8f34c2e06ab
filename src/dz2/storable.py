"""Values made fit for jsonb and text columns, which refuse what programs and repositories may well hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_REFUSED = re.compile("[\0\ud800-\udfff]")  # NUL, and halves of characters


def storable(value: Any) -> Any:
    """The same in JSON's types; a character that no column takes reads as U+FFFD, and a stranger as its text."""
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping():
            return {storable(str(key)): storable(one) for key, one in value.items()}
        case list() | tuple():
            return [storable(one) for one in value]
        case _:
            return _REFUSED.sub("\ufffd", str(value))
