"""A request of git's, taken apart and checked before anything else happens. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from dz.names import ProjectName

# The smart protocol alone: what git http-backend gives to others (files of the repository) is asked by nobody.
_ADVERTISED = re.compile(r"/git/([^/?]{1,60}?)(?:\.git)?/info/refs\?service=(git-upload-pack|git-receive-pack)")
_SPOKEN = re.compile(r"/git/([^/?]{1,60}?)(?:\.git)?/(git-upload-pack|git-receive-pack)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PROTOCOL = re.compile(r"version=[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``service``: git-upload-pack (a fetch) or git-receive-pack (a push). ``advertised``: its first half."""

    name: ProjectName
    service: str
    advertised: bool


def asked(method: str, target: str) -> Asked | None:
    """None for what git would not ask."""
    advertised = method == "GET"
    found = (_ADVERTISED if advertised else _SPOKEN).fullmatch(target)
    if found is None or method not in ("GET", "POST"):
        return None
    try:
        return Asked(name=ProjectName(found[1]), service=found[2], advertised=advertised)
    except ValueError:
        return None


def token_of(authorization: str) -> str:
    """The password of HTTP's basic authentication, whatever the user is called; "" for anything else."""
    kind, _, words = authorization.partition(" ")
    try:
        password = base64.b64decode(words, validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return password if kind.lower() == "basic" and _TOKEN.fullmatch(password) else ""


def protocol_of(header: str) -> str:
    """The version that the client can speak; "" for anything that git would not send."""
    return header if _PROTOCOL.fullmatch(header) else ""
