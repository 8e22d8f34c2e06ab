"""Who may ask: the API token of this machine.

The token lies in a 0600 file of DZ_HOME that ``dz up`` makes; whoever can read it is the platform's administrator.
"""

from __future__ import annotations

import hmac
from functools import cache

from dz.settings import PanelSettings


@cache
def panel() -> PanelSettings:
    """This process's settings. Raises pydantic's ValidationError, naming what the environment lacks."""
    return PanelSettings()  # type: ignore[call-arg]  # from the environment


def is_token(given: str) -> bool:
    """Whether ``given`` is the API token; the file is read each time, so that a new one holds at once."""
    try:
        wanted = panel().token_file.read_text().strip()
    except FileNotFoundError:
        return False
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
