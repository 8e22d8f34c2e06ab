"""The firewall of running sites: one nftables table, keyed on the range of the projects' uids.

Promises: where this says ``closed``, a process of a project opens no connection to this host (broker, zoomdb, panel,
neighbours), to private or link-local addresses and so to no metadata service, but for what is given as allowed and the
name servers; it answers whoever connected to it, and reaches the public internet. At a project's own port on loopback,
and where a site of it is served, nobody answers but that project, whoever listens there. Seen to hold by trying, not
believed.
Not held: unix sockets, which permissions guard, who answers where a site is served at an IPv6 address, and a user's own
processes where there is no root.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dz.run import run
from dz.seams.sandbox.confine import DOORS

PROJECTS = 99_999_999  # uids above the base: as many as there are app ids
DEADLINE = 20.0  # seconds for one nft
PRIVATE = {
    "ip": (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    ),
    "ip6": ("::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"),
}  # fmt: skip
# Makes a socket as one of the projects' uids, as a site would, and connects: 3 where that is refused.
TRIAL = """
import os, socket, sys
os.seteuid(int(sys.argv[1]))
client = socket.socket()
client.settimeout(10)
os.seteuid(0)
sys.exit(3 if client.connect_ex(("127.0.0.1", int(sys.argv[2]))) else 0)
"""


class Served(NamedTuple):
    """Where a site of that uid is served on this host."""

    uid: int
    address: str
    port: int


class Fence(NamedTuple):
    """``network``: "closed" or "shared", then ``why`` in words."""

    network: str
    why: str = ""


def ensure_rules(
    uid_base: int,
    *,
    allowed: Iterable[tuple[str, int]] = (),
    own: Iterable[tuple[int, int]] = (),
    served: Iterable[Served] = (),
) -> Fence:
    """Load the table anew, in one transaction, and try it. ``allowed``: addresses and ports that projects may reach;
    ``own``: uid and port on loopback of what only that one may; ``served``: at which only that uid may answer."""
    if os.geteuid() != 0:
        return Fence("shared", "firewall rules need root")
    nft = _nft()
    if nft is None:
        return Fence("shared", "nftables is not installed")
    table = rules(uid_base, allowed, name_servers(), own, served, guard=_answers_have_owners())
    loaded = run([nft, "-f", "-"], deadline=DEADLINE, stdin=table.encode())
    if not loaded.ok:
        return Fence("shared", f"this kernel refuses the firewall rules: {loaded.text.strip()[:200]}")
    if not _holds(uid_base):
        forget_rules(uid_base)
        return Fence("shared", "this machine takes firewall rules and does not follow them")
    return Fence("closed")


def let_own(uid_base: int, uid: int, port: int) -> None:
    """That one project may reach that port of this host's loopback, and alone answer there; harmless where there is no
    fence."""
    _change(_own("add", uid_base, uid, port))


def take_own(uid_base: int, uid: int, port: int) -> None:
    """It may no longer: the port may become another's."""
    _change(_own("delete", uid_base, uid, port))


def let_serve(uid_base: int, served: Served) -> None:
    """Nobody else answers there from now on: a neighbour that was quicker, as a site starts anew, has no visitor of
    its. Harmless where there is no fence."""
    _change(_serves("add", uid_base, served))


def take_serve(uid_base: int, served: Served) -> None:
    """The port may become another's."""
    _change(_serves("delete", uid_base, served))


def forget_rules(uid_base: int) -> None:
    """Take the table away; harmless where there is none."""
    _change(_emptied(uid_base))


def _change(lines: str) -> None:
    nft = _nft()
    if os.geteuid() == 0 and nft is not None:
        run([nft, "-f", "-"], deadline=DEADLINE, stdin=f"{lines}\n".encode())


def rules(
    uid_base: int,
    allowed: Iterable[tuple[str, int]],
    name_servers: Iterable[str],
    own: Iterable[tuple[int, int]] = (),
    served: Iterable[Served] = (),
    *,
    guard: bool = True,
) -> str:
    """What nft is given. Every address in it is parsed: nothing of a file's text gets through as words of nft's.
    ``guard``: who answers at a project's own port is looked at."""
    pairs = sorted(own)
    sites = [one for one in sorted(served) if _is_ipv4(one.address)]
    is_answer = "tcp flags & (syn | ack) == (syn | ack)"
    answers = f"ip saddr 127.0.0.1 tcp sport @owned {is_answer} goto answers"
    own_elements = _elements(f"{int(uid)} . {int(port)}" for uid, port in pairs)
    owned_elements = _elements(str(int(port)) for _, port in pairs)
    inside = "\n    ".join(_ways_out(allowed, name_servers))
    # Matched by uid and never by its absence: the kernel's own packets, which keep a host in its network, have none.
    # In a flood the kernel answers for a listener by cookies, which have none either: they pass, and who else listens
    # where a site is served is stopped by his first word. (Nobody is 4294967295: that asks for a uid.)
    return f"""{_emptied(uid_base)}
table inet {_name(uid_base)} {{
  set own {{
    typeof meta skuid . tcp dport
{own_elements}  }}
  set owned {{
    typeof tcp sport
{owned_elements}  }}
  set serves {{
    typeof meta skuid . ip saddr . tcp sport
{_elements(map(_who, sites))}  }}
  set served {{
    typeof ip saddr . tcp sport
{_elements(map(_where, sites))}  }}
  chain serving {{
    meta skuid . ip saddr . tcp sport @serves return
    meta skuid != 4294967295 drop
  }}
  chain answers {{
    meta skuid . tcp sport @own accept
    drop
  }}
  chain sites {{
    ct state established,related accept
    ip daddr 127.0.0.1 meta skuid . tcp dport @own accept
    {inside}
  }}
  chain output {{
    type filter hook output priority filter; policy accept;
    {answers if guard else ""}
    ip saddr . tcp sport @served jump serving
    meta skuid {uid_base}-{uid_base + PROJECTS} jump sites
  }}
}}
"""


def _ways_out(allowed: Iterable[tuple[str, int]], name_servers: Iterable[str]) -> list[str]:
    """What a project may reach of this host and of private networks; the rest of the world is open to it."""
    lines = [_to(address, "tcp", port) for address, port in sorted(set(allowed))]
    lines += [_to(address, kind, 53) for address in name_servers for kind in ("udp", "tcp")]
    lines += [f"ip daddr 127.0.0.1 tcp dport {DOORS.start}-{DOORS.stop - 1} accept"]
    ranges = [f"{family} daddr {{ {', '.join(nets)} }}" for family, nets in PRIVATE.items()]
    for closed in ("fib daddr type local", *ranges):
        lines += [f"{closed} meta l4proto tcp reject with tcp reset", f"{closed} reject with icmpx admin-prohibited"]
    return lines


def _answers_have_owners() -> bool:
    """Not where the kernel was told to take every connection by a cookie (2; 1 is in need only)."""
    told = Path("/proc/sys/net/ipv4/tcp_syncookies")
    return not told.exists() or told.read_text().strip() != "2"


def places(text: str) -> list[tuple[str, int]]:
    """``host:port``, joined by spaces."""
    split = (word.rpartition(":") for word in text.split())
    return [(host.strip("[]"), int(port)) for host, _, port in split]


def addresses(wanted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The same with names looked up; a name that is unknown today is asked for again the next time."""
    found = []
    for host, port in wanted:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found += [(str(answer[4][0]).partition("%")[0], port) for answer in answers]
    return found


def name_servers(file: Path = Path("/etc/resolv.conf")) -> list[str]:
    """The resolvers of this host, which are often private: a site must find names."""
    found = []
    for line in file.read_text(errors="replace").splitlines() if file.exists() else []:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(str(ipaddress.ip_address(words[1].partition("%")[0])))
            except ValueError:
                continue
    return found


def _own(act: str, uid_base: int, uid: int, port: int) -> str:
    return _with_each(act, uid_base, own=f"{int(uid)} . {int(port)}", owned=f"{int(port)}")


def _serves(act: str, uid_base: int, served: Served) -> str:
    if not _is_ipv4(served.address):
        return ""
    return _with_each(act, uid_base, serves=_who(served), served=_where(served))


def _with_each(act: str, uid_base: int, **sets: str) -> str:
    """One element added to each of these sets, or deleted."""
    return "\n".join(f"{act} element inet {_name(uid_base)} {name} {{ {one} }}" for name, one in sets.items())


def _who(served: Served) -> str:
    return f"{int(served.uid)} . {_where(served)}"


def _where(served: Served) -> str:
    return f"{ipaddress.ip_address(served.address)} . {int(served.port)}"


def _is_ipv4(address: str) -> bool:
    return ipaddress.ip_address(address).version == 4


def _elements(words: Iterable[str]) -> str:
    joined = ", ".join(words)
    return f"    elements = {{ {joined} }}\n" if joined else ""


def _to(address: str, kind: str, port: int) -> str:
    ip = ipaddress.ip_address(address)
    return f"{'ip' if ip.version == 4 else 'ip6'} daddr {ip} {kind} dport {int(port)} accept"


def _holds(uid_base: int) -> bool:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        tried = run([sys.executable, "-I", "-c", TRIAL, str(uid_base), port], deadline=DEADLINE)
    return tried.code == 3


def _emptied(uid_base: int) -> str:
    """Declared before deleted, so that it is no error where there is none."""
    return f"table inet {_name(uid_base)}\ndelete table inet {_name(uid_base)}\n"


def _name(uid_base: int) -> str:
    return f"dz_sites_{uid_base}"


def _nft() -> str | None:
    return shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")
