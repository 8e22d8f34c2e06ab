"""The address of a repository, taken apart once and before git sees it.

Promise: a ``GitUrl`` is https, ssh (also ``user@host:path``) or, where the operator allows it, ``file://``; it holds no
option, password, control character or remote helper (``ext::``). It is not looked up here: whether it exists is git's
to say. What a browser shows of a branch or a folder is taken apart into repository, ref and folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import unquote

from dz.errors import UserError
from dz.log import redact_urls
from dz.names import HostName, ProjectName

LONGEST = 500
OWNED = {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"}  # every repository is somebody's there
_PATH = re.compile(r"[A-Za-z0-9._~+%@/=-]+")
_FILE_PATH = re.compile(r"/[^\x00-\x1f\x7f]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_SCP = re.compile(r"(?P<user>[^@/:\s]+)@(?P<host>[^:/\s]+):(?!//)(?P<path>.+)")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)")
_AUTHORITY = re.compile(r"(?:(?P<user>[^@]*)@)?(?P<host>[^:@]+)(?::(?P<port>[0-9]{1,5}))?")
# github.com/o/r/tree/REF/folder, gitlab's /g/s/r/-/tree/REF/folder?ref_type=heads, bitbucket.org/o/r/src/REF/folder,
# and Gitea's /o/r/src/branch/REF/folder. Of a branch whose name holds a slash only --ref can tell.
_PAGE = re.compile(
    r"(?P<repo>(?:github\.com/[^/]+/[^/]+(?=/tree/)|bitbucket\.org/[^/]+/[^/]+(?=/src/)|[^/]+/.+?(?=/-/tree/)"
    r"|[^/]+/[^/]+/[^/]+(?=/src/(?:branch|tag|commit)/)))"
    r"/(?:-/)?(?:tree|src/(?:branch|tag|commit)|src)/(?P<ref>[^/?#]+)(?:/(?P<folder>[^?#]*))?(?:[?#].*)?"
)
_HELPER = re.compile(r"[A-Za-z0-9]+::")

Scheme = Literal["https", "ssh", "file"]


@dataclass(frozen=True, slots=True)
class GitUrl:
    """``text`` is what git is given; ``host`` is '' for a folder of this machine; ``path`` without outer slashes;
    ``ref`` and the folder ``within`` the repository where a page of it was given."""

    text: str
    scheme: Scheme
    host: str
    port: int
    path: str
    ref: str = ""
    within: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def folder(self) -> str:
        """The absolute path of a ``file://`` repository."""
        return unquote("/" + self.path)

    def project_name(self) -> ProjectName:
        """A name for the project, made from the last word of the folder or path."""
        last = self.within or unquote(self.path)
        last = last.rstrip("/").removesuffix("/.git").rsplit("/", 1)[-1].removesuffix(".git")
        word = re.sub(r"[^a-z0-9]+", "-", last.lower())[:40].strip("-")
        if not word[:1].isalpha():
            word = f"site-{word}"[:40].strip("-")
        return ProjectName(word)


def parse(text: str, *, file_urls: bool = False) -> GitUrl:
    """The address that a person typed or pasted. Raises UserError."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise _refused(text, "it is empty" if not text else f"it is longer than {LONGEST} characters")
    if text.startswith("-") or any(c.isspace() or not c.isprintable() for c in text):
        raise _refused(text, "it holds blanks, control characters or an option")
    if _HELPER.match(text):
        raise _refused(text, "remote helpers are not allowed")
    if page := _PAGE.fullmatch(text.removeprefix("https://")):
        return _of_page(page)
    if url := _URL.fullmatch(text):
        return _by_scheme(text, url["scheme"].lower(), url["rest"], file_urls=file_urls)
    if scp := _SCP.fullmatch(text):
        return _scp(text, scp["user"], scp["host"], scp["path"])
    if text.startswith(("/", ".", "~")):
        raise _refused(text, "it is a path; a repository on this machine is file:///path")
    if "/" not in text or "." not in text.split("/", 1)[0]:
        raise _refused(text, "it names no host")
    return _by_scheme(f"https://{text}", "https", text, file_urls=file_urls)


def _of_page(page: re.Match[str]) -> GitUrl:
    """What a browser's address of a folder means."""
    url = parse(f"https://{page['repo']}")
    folder = unquote(page["folder"] or "").strip("/")
    if not folder.isprintable() or any(part in ("", ".", "..") for part in folder.split("/") if folder):
        raise _refused(page[0], "its folder is not one of a repository")
    return replace(url, ref=unquote(page["ref"]), within=folder)


def _by_scheme(text: str, scheme: str, rest: str, *, file_urls: bool) -> GitUrl:
    if scheme == "file":
        return _file(text, rest, allowed=file_urls)
    if scheme not in ("https", "ssh"):
        raise _refused(text, f"{scheme}:// is not allowed, only https and ssh are")
    authority, _, path = rest.partition("/")
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        # What cannot be taken apart may still hold a password: look before quoting it.
        raise _secret(authority) if "@" in authority else _refused(text, "its host is not a host name")
    host = _host(text, found["host"])
    user = found["user"]
    if user is not None and (":" in user or scheme == "https"):
        raise UserError("repo.credentials-in-url", host=host)
    if user is not None and _USER.fullmatch(user) is None:
        raise _refused(text, "its user name is not one")
    port = int(found["port"] or (443 if scheme == "https" else 22))
    if not 0 < port < 65536:
        raise _refused(text, "its port is not one")
    clean = _path(text, host, path)
    spelled = f"{user + '@' if user else ''}{host}{':' + found['port'] if found['port'] else ''}"
    return GitUrl(f"{scheme}://{spelled}/{clean}", "https" if scheme == "https" else "ssh", host, port, clean)


def _scp(text: str, user: str, host: str, path: str) -> GitUrl:
    if _USER.fullmatch(user) is None:
        raise _refused(text, "its user name is not one")
    host = _host(text, host)
    rooted = "/" if path.startswith("/") else ""
    clean = _path(text, host, path)
    return GitUrl(f"{user}@{host}:{rooted}{clean}", "ssh", host, 22, clean)


def _file(text: str, rest: str, *, allowed: bool) -> GitUrl:
    if not allowed:
        raise UserError("repo.file-url")
    rest = rest.removeprefix("localhost")
    if _FILE_PATH.fullmatch(rest) is None or ".." in rest.split("/"):
        raise _refused(text, "it is not an absolute path")
    return GitUrl(f"file://{rest}", "file", "", 0, rest.strip("/"))


def _host(text: str, host: str) -> str:
    try:
        return HostName(host.lower())
    except ValueError:
        raise _refused(text, "its host is not a host name") from None


def _path(text: str, host: str, path: str) -> str:
    clean = path.strip("/")
    if not clean or _PATH.fullmatch(clean) is None or clean.startswith("-"):
        raise _refused(text, "its path is not one of a repository")
    parts = unquote(clean).split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise _refused(text, "its path is not one of a repository")
    if len(parts) == 1 and host in OWNED:
        raise _refused(text, f"it names an owner of repositories at {host}, and none of them")
    return clean


def _secret(authority: str) -> UserError:
    host = authority.rsplit("@", 1)[-1]
    return UserError("repo.credentials-in-url", host=host if re.fullmatch(r"[a-z0-9.-]+", host) else "the host")


def _refused(text: str, reason: str) -> UserError:
    shown = redact_urls(text if len(text) <= 80 else f"{text[:80]}…")
    return UserError("repo.bad-url", url=repr(shown), reason=reason)
