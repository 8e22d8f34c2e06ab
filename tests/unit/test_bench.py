"""What is read out of the words of uv, which may be those of a stranger's build script."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dz.tasklib.build.bench import misnamed

HEAD, NAME = "Failed to parse: `pyproject.toml`\n", 'Not a valid package or extra name: "'
READS = "import sys; from dz.tasklib.build.bench import misnamed; assert not misnamed(sys.stdin.read())"


def test_a_name_that_no_package_may_have_is_read_with_its_folder() -> None:
    said = (
        f'error: Failed to parse: `shop/pyproject.toml`\n  Caused by: TOML parse error\n{NAME}My new site". Names must'
    )
    assert misnamed(said) == ("My new site", "shop/")
    assert misnamed(HEAD) is None and misnamed(f'{NAME}My new site".') is None


@pytest.mark.parametrize("words", [HEAD, NAME, HEAD + NAME, "Failed to parse: `" + "pyproject.tom" * 20])
def test_no_words_hold_up_the_worker_that_reads_them(words: str) -> None:
    said = HEAD + words * (256 * 1024 // len(words))
    subprocess.run([sys.executable, "-c", READS], check=True, input=said, text=True, timeout=20)
