"""A ``zoombuild.cfg`` in the repository: its owner has decided, so each of its keys is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dz.tasklib.build.inspect.evidence import LISTS, Evidence, Facts, at
from dz.tasklib.build.inspect.tree import Tree
from dz.tasklib.buildconfig import FILE, KEY_OF_FIELD, KEYS, parse

_FIELDS = {key: field for field, key in KEY_OF_FIELD.items()}
NEEDS: tuple[str, ...] = ()
GIVES = tuple(_FIELDS.get(key, key) for key in KEYS)


def detect(tree: Tree, facts: Facts) -> Iterable[Evidence]:
    if not tree.has(FILE):
        return
    text = tree.text(FILE)
    config = parse(text)
    for key in KEYS:
        if stated := re.search(rf"^{key}\s*=", text, re.MULTILINE):
            line = text.count("\n", 0, stated.start()) + 1
            field = _FIELDS.get(key, key)
            values = config.value(key).split("\n") if field in LISTS else [config.value(key)]
            for value in values:
                yield at(tree, field, value, 1.0, "zoombuild.cfg says so", FILE, line)
