"""How Git is told no where it shows no text of an HTTP error: in the answer to what it sends in the end. Pure."""

from __future__ import annotations

_MOST = 900  # bytes of a line; one packet takes 1000 from the oldest clients


def refusal(service: str, text: str) -> bytes:
    """The whole answer. A push shows each line as ``remote: ...``; of a fetch the text is its error."""
    lines = [line.encode()[:_MOST] for line in text.splitlines()]
    if service != "git-receive-pack":
        return _packet(b"ERR " + b" ".join(lines))
    return b"".join([*(_packet(b"\2" + line + b"\n") for line in lines), _packet(b"\3refused\n")])


def _packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data
