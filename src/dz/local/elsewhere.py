"""How a browser on another computer, or outside of this container, reaches the platform: the line to type."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dz.local.state import State

MARKS = ("/.dockerenv", "/run/.containerenv")  # what Docker and Podman leave


def ways(
    state: State, *, wheel: bool = False, env: Mapping[str, str] = os.environ, root: Path = Path("/")
) -> Iterator[str]:
    """None for a platform on the computer that one sits at, whose localhost is here, and none where the world reaches
    it by its own name. ``wheel``: its nginx is one that listens beyond loopback only where that is said."""
    if state.scheme == "https":
        return
    port, address = state.port, state.probe[0]
    allowed = "DZ_ALLOW_WHEEL_NGINX=1 " if wheel else ""
    if any((root / mark.removeprefix("/")).exists() for mark in MARKS):
        where = "" if state.host in ("0.0.0.0", "::") else f", dz down && {allowed}dz up --listen 0.0.0.0:{port}"
        yield f"This is a container: publish its port (docker run -p {port}:{port}){where}, then open the same address."
    if env.get("SSH_CONNECTION"):
        host = f"[{address}]" if ":" in address else address
        yield f"On your own computer: ssh -L {port}:{host}:{port} you@this-host, then open the same address."
