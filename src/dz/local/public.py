"""How the world reaches the platform, where something that ends TLS stands before it: what the environment of ``dz up``
says is kept, and what it does not say is as it was."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import replace

from dz.errors import UserError
from dz.local.state import USUAL, State

SCHEME, PORT, PROXIES = "DZ_PUBLIC_SCHEME", "DZ_PUBLIC_PORT", "DZ_TRUSTED_PROXIES"
LOOPBACK = "127.0.0.1 ::1"


def reached(state: State, env: Mapping[str, str] = os.environ) -> State:
    """The state with what ``env`` says. Raises ``local.public``."""
    scheme = env.get(SCHEME) or state.scheme
    if scheme not in USUAL:
        raise UserError("local.public", name=SCHEME, value=repr(scheme[:80]), wanted="http or https")
    usual = LOOPBACK if scheme == "https" else ""
    if scheme != state.scheme:
        state = replace(state, scheme=scheme, public_port=0, proxies=usual)
    if given := env.get(PORT):
        if not (given.isascii() and given.isdecimal() and len(given) < 6 and 0 < int(given) < 65536):
            raise UserError("local.public", name=PORT, value=repr(given[:80]), wanted="a port, like 443")
        state = replace(state, public_port=int(given))
    return replace(state, proxies=_checked(env[PROXIES]) or usual) if PROXIES in env else state


def named(domain: str, state: State) -> str:
    """What ``--domain`` did, and what it did not; "" where none was given."""
    if not domain:
        return ""
    leads = "" if state.domain == "localhost" else f" *.{state.domain} has to lead to this machine."
    stay = "Those that are there keep their addresses (dz domains add gives one more)."
    return f"New projects are NAME.{state.domain} from now on.{leads} {stay}"


def _checked(proxies: str) -> str:
    for one in proxies.split():
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            wanted = "addresses or networks, like 10.0.0.5 192.168.0.0/24"
            raise UserError("local.public", name=PROXIES, value=repr(one[:80]), wanted=wanted) from None
    return " ".join(proxies.split())
