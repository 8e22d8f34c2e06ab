"""Where the platform is that ``dz`` speaks to.

On its own machine ``dz up`` leaves two files in DZ_HOME: ``client.json`` (``{"socket": path of the panel's unix socket,
"url": the panel's URL}``) and ``token`` (0600; the panel process must be able to read it too). ``--server URL`` (or
DZ_SERVER) goes by TCP instead, with the token in the file that DZ_TOKEN_FILE names.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from dz.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """``socket`` empty: speak TCP to ``url``."""

    url: str
    socket: str = ""
    token: str = ""


def home() -> Path:
    """DZ_HOME, or its default: /var/lib/djangozoom for root, the user's data folder else."""
    given = os.environ.get("DZ_HOME")
    if given:
        return Path(given)
    if os.geteuid() == 0:
        return Path("/var/lib/djangozoom")
    data = os.environ.get("XDG_DATA_HOME")
    return Path(data) / "djangozoom" if data else Path.home() / ".local/share/djangozoom"


def find(server: str | None) -> Server:
    """The server of ``--server``, DZ_SERVER or this machine. Raises UserError if none of them is there."""
    url = server or os.environ.get("DZ_SERVER")
    if url:
        if not url.startswith(("http://", "https://")):
            raise UserError("cli.usage", detail=f"--server wants http:// or https://, not {url}", command="status")
        return Server(url=url.rstrip("/"), token=_token(os.environ.get("DZ_TOKEN_FILE")))
    try:
        found = json.loads((home() / "client.json").read_text())
    except FileNotFoundError:
        raise UserError("cli.no-platform", home=home()) from None
    except PermissionError:
        raise UserError("cli.not-yours", home=home()) from None
    return Server(url=found["url"].rstrip("/"), socket=found["socket"], token=_token(str(home() / "token")))


def _token(path: str | None) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except FileNotFoundError:
        return ""
    except PermissionError:
        raise UserError("cli.not-yours", home=home()) from None
