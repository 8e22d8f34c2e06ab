"""Which repositories a commit wants in its folders, and at which commits: read from git's own objects.

Promise: a path is one that the commit's tree holds as a submodule; an address was parsed like the repository's own
(https or ssh). A folder of this machine is named by one that is such a folder itself, and lies beside it: what else
lies here is not the repository's to say. What can't be taken apart is left out, and named.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from dz.errors import UserError
from dz.names import Commit
from dz.tasklib.build import giturl
from dz.tasklib.build.giturl import GitUrl

MOST = 20  # of one repository, those within submodules counted
LISTED = "--blob={}:.gitmodules"


@dataclass(frozen=True, slots=True)
class Submodule:
    """``url`` is None where its address can't be used: ``why`` says so."""

    path: str
    commit: Commit
    url: GitUrl | None
    why: str = ""


def named(ask: Callable[..., str], commit: Commit, base: GitUrl, *, file_urls: bool) -> list[Submodule]:
    """The submodules of a commit; ``ask`` runs git in its repository and gives what it says, "" if it failed.
    ``file_urls``: whether one may be a folder of this machine."""
    links = {}
    for line in ask("ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
        kind, _, path = line.partition("\t")
        if kind.startswith("160000 commit "):
            links[path] = Commit(kind.split()[2])
    if not links:
        return []
    stated: dict[str, dict[str, str]] = {}
    for pair in ask("config", "-z", LISTED.format(commit), "--get-regexp", r"^submodule\..*\.(path|url)$").split("\0"):
        key, _, value = pair.partition("\n")
        name, _, word = key.rpartition(".")
        stated.setdefault(name, {})[word] = value
    addresses = {one.get("path", ""): one.get("url", "") for one in stated.values()}
    return [_one(path, links[path], addresses.get(path, ""), base, file_urls=file_urls) for path in links]


def _one(path: str, commit: Commit, address: str, base: GitUrl, *, file_urls: bool) -> Submodule:
    if not address:
        return Submodule(path, commit, None, ".gitmodules has no address for it")
    try:
        url = giturl.parse(_absolute(address, base), file_urls=file_urls and base.scheme == "file")
        if url.scheme == "file" and not _is_beside(url, base):
            return Submodule(path, commit, None, "it lies elsewhere on this machine")
        if url.scheme == "ssh" and base.scheme == "https":  # nobody's key is there; what is public answers https too
            url = giturl.parse(f"https://{url.host}/{url.path}")
    except UserError as error:
        return Submodule(path, commit, None, error.brief)
    return Submodule(path, commit, url)


def _is_beside(url: GitUrl, base: GitUrl) -> bool:
    """As git reads them: %2e%2e is its parent, too."""
    return PurePosixPath(posixpath.normpath(url.folder)).is_relative_to(PurePosixPath(base.folder).parent)


def _absolute(address: str, base: GitUrl) -> str:
    """``../other.git`` beside the repository itself."""
    if not address.startswith(("./", "../")):
        return address
    place = base.text.rstrip("/")
    while address.startswith(("./", "../")):
        word, _, address = address.partition("/")
        if word == "..":
            place = place.rpartition("/")[0]
    return f"{place}/{address}"
