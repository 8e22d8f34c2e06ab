"""The files of a commit as ``git ls-tree -r -l`` lists them, before any of them is written out."""

from __future__ import annotations

from dataclasses import dataclass

from dz.errors import UserError

MOST_FILES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """``size``: bytes of all; ``names``: of those that are no links, strange ones in quotes."""

    size: int
    names: list[str]


def listed(text: str, room: int) -> Files:
    """Raises UserError ``repo.too-big``. ``room``: bytes that they may be."""
    lines = text.splitlines()
    sizes = [words[3] for line in lines if len(words := line.partition("\t")[0].split()) == 4]
    total = sum(int(size) for size in sizes if size.isdigit())
    if len(lines) > MOST_FILES:
        raise UserError("repo.too-big", limit=f"{MOST_FILES:,} files", found=f"at least {len(lines):,}")
    if total > room:
        raise UserError("repo.too-big", limit="2 GB of files", found=f"{total / 1e9:.1f} GB")
    return Files(size=total, names=[line.partition("\t")[2] for line in lines if line.startswith("100")])
