"""Static files and uploads: their URLs and folders, and committed media."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.code import below
from dz.tasklib.build.inspect.evidence import Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree, join

NEEDS = ("project_root", "settings_module")
GIVES = ("static_url", "static_root", "media_url", "media_root", "site_media_map")


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    for kind in ("static", "media"):
        yield from _url(tree, facts, f"{kind}_url")
        yield from _root(tree, facts, f"{kind}_root")
    yield from _committed_media(tree, facts)


def _url(tree: Tree, facts: Facts, field: str) -> Iterator[Evidence]:
    for path, value in settingscode.values(tree, facts, field.upper()):
        if text := code.string(value):
            url = text if text.startswith(("/", "http")) else f"/{text}"
            yield _evidence(tree, field, url, 0.9, "the settings say so", path, value.lineno)


def _root(tree: Tree, facts: Facts, field: str) -> Iterator[Evidence]:
    for path, value in settingscode.values(tree, facts, field.upper()):
        inner = code.path_of(value)
        if inner:
            folder = inner if inner.startswith("/") else join(facts.primary("project_root"), inner)
            yield _evidence(tree, field, folder, 0.8, "the settings put them there", path, value.lineno)


def _committed_media(tree: Tree, facts: Facts) -> Iterator[Evidence]:
    """Uploads that are part of the repository must answer at the media URL."""
    urls = [one for one in _url(tree, facts, "media_url") if one.value.startswith("/") and len(one.value) > 1]
    for root in _root(tree, facts, "media_root"):
        count = sum(below(root.value, path) for path in tree.files) if not root.value.startswith("/") else 0
        if urls and count:
            url = urls[0].value if urls[0].value.endswith("/") else f"{urls[0].value}/"
            why = f"{count} uploaded files are in the repository"
            yield _evidence(tree, "site_media_map", f"{root.value} {url}", 0.8, why, root.file, root.line)
            return


def _evidence(tree: Tree, field: str, value: str, confidence: float, why: str, path: str, line: int | None) -> Evidence:
    return at(tree, field, value, confidence, why, path, line)
