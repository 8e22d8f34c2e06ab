"""What stands before this nginx and ends TLS, if anything does: whom it is believed from, and what. Pure.

Of an address that is trusted: X-Forwarded-For says who the visitor is, X-Forwarded-Proto how they came, and where it
says nothing they came as the world does. Of all others nothing is believed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from dz.errors import PlatformError


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """``proxies``: addresses and networks. ``scheme`` and ``port``: where the world reaches the sites."""

    proxies: tuple[str, ...] = ()
    scheme: str = "http"
    port: int = 0

    def text(self) -> str:
        """In http: the visitor's own address, and what sites are told of scheme and port."""
        if not self.proxies:
            return 'map "" $dz_scheme { default $scheme; }\nmap "" $dz_port { default $server_port; }\n'
        trusted = [network(one) for one in self.proxies]
        believed = "\n".join(f"set_real_ip_from {one};" for one in trusted)
        members = "\n".join(f"{one} 1;" for one in trusted)
        secure = self.scheme == "https"
        return f"""\
{believed}
real_ip_header X-Forwarded-For;
real_ip_recursive on;
geo $realip_remote_addr $dz_trusted {{
default 0;
{members}
}}
map $http_x_forwarded_proto $dz_said {{ default {"https" if secure else "http"}; http http; https https; }}
map $dz_trusted $dz_scheme {{ default $scheme; 1 $dz_said; }}
map $dz_scheme $dz_port {{ default $server_port; https {int(self.port) if secure else 443}; }}
"""


def network(text: str) -> str:
    """An address or a network as nginx takes it. Raises PlatformError."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise PlatformError(f"not an address or a network: {text[:80]!r}") from error
