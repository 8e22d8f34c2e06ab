"""What no build needed for a month goes from a build host's caches, and nothing that one has or may be taking."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from dz.tasklib.build.caches import DAY, UNUSED, drop


def written(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")
    return file


def later(cache: Path, seconds: float) -> int:
    return drop(cache, now=time.time() + seconds)


def test_wheels_and_byte_code_go_a_month_after_the_last_environment_that_had_them(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    wheel = written(cache / "uv/archive-v0/a1/shop/__init__.py").parents[1]
    script = written(wheel / "shop.data/scripts/shop")  # written anew in an environment, so never linked
    index, code = written(cache / "uv/simple-v28/shop.rkyv"), written(cache / "bytecode/3.11.2/ab/abc")
    tag, added = written(cache / "uv/CACHEDIR.TAG"), written(cache / "brought/abc.json")
    environment = tmp_path / "env"
    environment.mkdir()
    (environment / "__init__.py").hardlink_to(wheel / "shop/__init__.py")
    (environment / "__init__.pyc").hardlink_to(code)

    assert later(cache, UNUSED + DAY) == 2 and not index.exists() and not added.exists()
    assert script.exists() and code.exists()
    for link in environment.iterdir():
        link.unlink()
    assert later(cache, UNUSED - DAY) == 0
    (cache / "swept").unlink()
    assert later(cache, UNUSED + DAY) == 2
    assert not wheel.exists() and not code.exists() and tag.exists()


def test_nothing_goes_while_uv_works_nor_twice_a_day(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    old, lock = written(cache / "uv/archive-v0/a1/shop.py"), written(cache / "uv/.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert later(cache, UNUSED + DAY) == 0 and old.exists()
    (cache / "swept").touch()
    os.utime(cache / "swept", (time.time() + UNUSED + DAY / 2,) * 2)
    assert later(cache, UNUSED + DAY) == 0 and old.exists()
    assert later(cache, UNUSED + 2 * DAY) == 1
    assert drop(tmp_path / "none") == 0
