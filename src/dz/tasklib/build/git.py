"""Fetching a commit of somebody's repository with the git command, hardened.

Promise: only https, ssh and (where allowed) file; no prompts, no hooks, no filters, no configuration but ours, operands
behind ``--``; shallow, under a limit of size, submodules too; the deploy key in a 0600 file for as long as git runs.
What is checked out is data: nothing here opens a file of it. Raises UserError (``repo.*``), Transient, Cancelled.
"""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dz.errors import Cancelled, Transient, UserError
from dz.log import Secret
from dz.names import Commit, Ref
from dz.run import DeadlinePassed, Finished, run
from dz.tasklib.build import catalogs, disk, giturl, submodules
from dz.tasklib.build.fetchcap import Bounded, Cap
from dz.tasklib.build.gitfailure import explain, no_such_ref, redirected_elsewhere
from dz.tasklib.build.githome import GitHome
from dz.tasklib.build.gitlisting import Files, listed
from dz.tasklib.build.giturl import GitUrl
from dz.tasklib.context import JobLog
from dz.tasklib.folders import clear

MOST_PACKED = 1024 * 1024 * 1024  # bytes of what is fetched
MOST_BYTES = 2 * 1024 * 1024 * 1024  # bytes of what is checked out
_LISTING = 8 * 1024 * 1024  # bytes of git's answers that are read
_HASH = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The commit that a name is now; ``branch`` is '' for a tag or commit."""

    commit: Commit
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What lies in the folder now; ``committed_at`` in seconds since 1970; ``untranslated``: catalogs of translations
    that nothing is compiled of."""

    commit: Commit
    subject: str
    branch: str
    committed_at: int
    untranslated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repository by the address that its owner gave, and what asking it takes. ``work``: a folder for git's own
    things; ``deadline`` in seconds, for each question; ``among_others``: its folder has those of other projects."""

    url: str
    work: Path
    log: JobLog
    deadline: float
    key: Secret | None = None
    file_urls: bool = False
    among_others: bool = False
    stop: Callable[[], bool] | None = None

    @contextmanager
    def open(self) -> Iterator[_Git]:
        where = giturl.parse(self.url, file_urls=self.file_urls)
        with GitHome(self.work, key=self.key, file_urls=self.file_urls) as home:
            yield _Git(url=where, home=home, log=self.log, until=time.monotonic() + self.deadline, stop=self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Git:
    """One repository with what every command on it takes."""

    url: GitUrl
    home: GitHome
    log: JobLog
    until: float
    stop: Callable[[], bool] | None

    def __call__(
        self, *words: str | Path, folder: Path | None = None, stop: Callable[[], bool] | None = None
    ) -> Finished:
        """Run git; its stdout is the output, its stderr is kept in ``home.said``. Raises UserError for an answer
        without an end: trees within one another name a million files in a few kB."""
        self.home.said.clear()
        where = ("-C", folder) if folder else ()
        try:
            return run(
                ["git", *where, *words],
                env=self.home.environment(),
                cwd=self.home.folder,
                deadline=max(0.1, self.until - time.monotonic()),
                cancelled=stop or self.stop,
                keep=_LISTING,
                on_output=Bounded(_LISTING),
                stderr_to=self.home.said.extend,
            )
        except DeadlinePassed as late:
            raise Transient(f"{self.url.host or 'git'} took longer than {late.seconds:.0f} s") from late

    def reach(self, *words: str | Path, folder: Path | None = None, stop: Callable[[], bool] | None = None) -> Finished:
        """A command that speaks to the other side: a redirect to another host is refused."""
        finished = self(*words, folder=folder, stop=stop)
        if elsewhere := redirected_elsewhere(self.url, self.said):
            raise elsewhere
        return finished

    def told(self, folder: Path, *words: str) -> str:
        """What git answers of a folder; "" if it refuses."""
        answer = self(*words, folder=folder)
        return answer.text if answer.ok else ""

    @property
    def said(self) -> str:
        return bytes(self.home.said[-64_000:]).decode(errors="replace")


def resolve(remote: Remote, ref: str) -> Resolved:
    """The commit of ``ref`` (branch, tag, commit, '' for the default branch); a whole commit is asked of nobody."""
    with remote.open() as git:
        return _resolve(git, ref)


def checkout(remote: Remote, ref: str, into: Path, *, known: Resolved | None = None) -> Checkout:
    """Put the files of ``ref`` into that folder, which is empty; ``known``: what it was just resolved to."""
    with remote.open() as git:
        wanted = known or _resolve(git, ref)
        files = _lay(git, into, wanted, ref, MOST_BYTES)
        found = _described(git, into, wanted)
        room = MOST_BYTES - files.size
        _lay_submodules(git, into, wanted.commit, room, file_urls=remote.file_urls and not remote.among_others)
        return replace(found, untranslated=catalogs.without_compiled(files.names))


def _lay(git: _Git, into: Path, wanted: Resolved, ref: str, room: int) -> Files:
    """The files of one repository in a folder, with its ``.git``."""
    git("init", "-q", folder=into)
    _fetch(git, into, wanted, ref)
    found = _measure(git, into, wanted.commit, room)
    done = git("checkout", "-q", "--force", "--detach", wanted.commit, folder=into)
    if not done.ok:
        raise disk.or_full(explain(git.url, git.said), into)
    return found


def _lay_submodules(git: _Git, into: Path, commit: Commit, room: int, *, file_urls: bool) -> None:
    """What lies in submodules, and in theirs, under the same limits; one that can't be had is said."""
    waiting, count = [(git, into, commit)], 0
    while waiting:
        git, folder, commit = waiting.pop(0)
        for one in submodules.named(partial(git.told, folder), commit, git.url, file_urls=file_urls):
            place, why, count = folder / one.path, one.why, count + 1
            if count > submodules.MOST:
                why = f"there are more than {submodules.MOST}"
            elif one.url and place.resolve() == folder.resolve() / one.path and place.is_dir():
                inner = replace(git, url=one.url)
                try:
                    room -= _lay(inner, place, Resolved(commit=one.commit, branch=""), one.commit, room).size
                    waiting.append((inner, place, one.commit))
                    continue
                except UserError as error:
                    why = error.brief
                    clear(place)
            git.log.note(f"the submodule {one.path} is left out: {why or 'its folder is none'}", level="warning")
        clear(folder / ".git")


def _resolve(git: _Git, ref: str) -> Resolved:
    try:
        name = Ref(ref) if ref else ""
    except ValueError:
        raise UserError("repo.bad-ref", ref=repr(ref[:80]), url=git.url.text) from None
    if _is_commit(name):
        return Resolved(commit=Commit(name), branch="")
    wanted = [f"refs/heads/{name}", f"refs/tags/{name}", f"refs/tags/{name}^{{}}"] if name else []
    found, head = _listed(git, "--symref", patterns=["HEAD", *wanted])
    if not name and "HEAD" in found:
        return Resolved(commit=found["HEAD"], branch=head.removeprefix("refs/heads/"))
    if name and wanted[0] in found:
        return Resolved(commit=found[wanted[0]], branch=name)
    for tag in reversed(wanted[1:]):  # the commit that an annotated tag points at comes before the tag itself
        if tag in found:
            return Resolved(commit=found[tag], branch="")
    return _otherwise(git, name)


def _otherwise(git: _Git, name: str) -> Resolved:
    """Neither branch nor tag: a shortened commit, a misspelling, or an empty repository."""
    everything, _ = _listed(git, "--heads", "--tags", patterns=[])
    if not everything:
        raise UserError("repo.empty", url=git.url.text)
    if _HASH.fullmatch(name) and (commit := _expanded(git, name)):
        return Resolved(commit=commit, branch="")
    known = [one.split("/", 2)[2] for one in everything if not one.endswith("^{}")]
    raise no_such_ref(git.url, name, tuple(difflib.get_close_matches(name, known, 2)))


def _listed(git: _Git, *options: str, patterns: Sequence[str]) -> tuple[dict[str, Commit], str]:
    """Names and commits of the other side, and the branch that HEAD names."""
    answer = git.reach("ls-remote", *options, "--", git.url.text, *patterns)
    if not answer.ok:
        raise explain(git.url, git.said)
    found: dict[str, Commit] = {}
    head = ""
    for line in answer.text.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: ") and name == "HEAD":
            head = left.removeprefix("ref: ")
        elif _is_commit(left):
            found[name] = Commit(left)
    return found, head


def _expanded(git: _Git, short: str) -> Commit | None:
    """A shortened commit in full: only the whole history knows it, so that is fetched, without its files."""
    history = git.home.folder / "history.git"
    done = git.reach(
        "clone",
        "-q",
        "--bare",
        "--filter=tree:0",
        "--",
        git.url.text,
        history,
        stop=Cap(history, MOST_PACKED, git.stop).over,
    )
    if not done.ok:
        raise explain(git.url, git.said, ref=short)
    answer = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{short}^{{commit}}", folder=history)
    clear(history)
    return Commit(answer.text.strip()) if answer.ok else None


def _fetch(git: _Git, into: Path, wanted: Resolved, ref: str) -> None:
    """The one commit; where a server gives none by its hash, the branch or tag it came from, else everything."""
    attempts: list[tuple[str, ...]] = [("--depth=1", "--", git.url.text, wanted.commit)]
    if not _is_commit(ref):
        attempts.append(("--depth=1", "--", git.url.text, ref or "HEAD"))
    attempts.append(("--", git.url.text, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"))
    asked, error = ref or wanted.commit, None
    for words in attempts:
        done = _fetched(git, into, words)
        if done.ok and wanted.branch and wanted.commit in words:
            return  # what a branch names is a commit, and it was asked for by its hash
        if done.ok and git("cat-file", "-e", f"{wanted.commit}^{{commit}}", folder=into).ok:
            return
        error = no_such_ref(git.url, asked, ()) if done.ok else explain(git.url, git.said, ref=asked)
        if isinstance(error, Transient):
            break
    assert error is not None, "it was tried"
    raise disk.or_full(error, into)


def _fetched(git: _Git, into: Path, words: Sequence[str]) -> Finished:
    cap = Cap(into, MOST_PACKED, git.stop)
    try:
        return git.reach("fetch", "--no-tags", "--no-recurse-submodules", *words, folder=into, stop=cap.over)
    except Cancelled:
        if cap.passed:
            raise UserError("repo.too-big", limit="1 GB of history", found="the fetch was stopped there") from None
        raise


def _measure(git: _Git, into: Path, commit: Commit, room: int) -> Files:
    """What it will be; too much is refused before it is written out."""
    listing = git("ls-tree", "-r", "-l", "--full-tree", commit, folder=into)
    if not listing.ok:
        raise UserError("repo.git-failed", url=git.url.text, detail="its files cannot be listed")
    return listed(listing.text, room)


def _described(git: _Git, into: Path, wanted: Resolved) -> Checkout:
    answer = git("log", "-1", "--format=%ct%x00%s", "--end-of-options", wanted.commit, folder=into)
    when, _, subject = answer.text.strip().partition("\0")
    return Checkout(
        commit=wanted.commit,
        subject="".join(c for c in subject[:300] if c.isprintable()),
        branch=wanted.branch,
        committed_at=int(when) if when.isdigit() else 0,
    )


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and _HASH.fullmatch(text) is not None
