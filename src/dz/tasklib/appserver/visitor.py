"""How the platform's own requests to a release look: as the proxy sends them, and by a name of their own."""

from __future__ import annotations

# The site's log tells them from visits by it: dz_guest/accesslog.py, which a contract test holds to it.
AGENT = "DjangoZoom-health"


def headers(host: str, scheme: str) -> dict[str, str]:
    """``host``: as visitors type it, with a port that isn't the scheme's own."""
    return {"Host": host, "X-Forwarded-Proto": scheme, "X-Forwarded-Host": host, "User-Agent": AGENT}
