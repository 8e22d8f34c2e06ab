"""The stages of ``make test``, ``lint`` and of what only measures, run by .venv's Python. Stdlib only.

``TESTS`` chooses: names of stages (``TESTS=unit,role``) or pytest's own words (``TESTS=tests/unit/test_x.py``).
Each stage tells its time on stderr; the first that is red ends the run.
"""

import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

PYTEST = [sys.executable, "-m", "pytest"]
STAGES = {
    "unit": ["-n", "2", "tests/unit"],
    "parts": ["tests/contract", "tests/hostile"],
    "role": ["tests/role"],
    "e2e": ["tests/e2e"],
    "faults": ["tests/faults"],
}
# They mostly wait for what they started: two cores have room for two, each lane one stage after the other.
LANES = (("parts", "faults"), ("role", "e2e"))
BIN = os.path.dirname(sys.executable)
CHECKS = {
    "format": [os.path.join(BIN, "ruff"), "format", "--check", "."],
    "ruff": [os.path.join(BIN, "ruff"), "check", "."],
    "types": [os.path.join(BIN, "mypy")],
    "imports": [os.path.join(BIN, "lint-imports")],
}


def main():
    work = {"test": test, "lint": lint, "bench": bench, "corpus": corpus, "soak": soak, "faults": faults}[sys.argv[1]]
    sys.exit(work())


def test():
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        code = stage("machine", [sys.executable, "-m", "tests.machine"])
        if code:
            return code
    stages = [(name, PYTEST + words) for name, words in chosen(os.environ.get("TESTS", ""))]
    lanes = [[one for one in stages if one[0] in names] for names in LANES]
    for name, argv in (one for one in stages if one not in lanes[0] + lanes[1]):
        code = stage(name, argv)
        if code:
            return code
    return together(lanes)


def chosen(text):
    """The stages to run, as pairs of name and pytest's arguments."""
    words = text.replace(",", " ").split()
    if words and not all(word in STAGES for word in words):
        return [("chosen", shlex.split(text))]
    return [(name, words_) for name, words_ in STAGES.items() if (not words or name in words) and has_tests(words_)]


def has_tests(words):
    folders = [word for word in words if word.startswith("tests/")]
    return any(glob.glob(os.path.join(folder, "**", "test_*.py"), recursive=True) for folder in folders)


def lint():
    """Every check, so that one run shows all that is wrong."""
    return max(stage(name, argv) for name, argv in CHECKS.items())


def bench():
    return stage("bench", [sys.executable, "-m", "benchmarks"])


def corpus():
    return stage("corpus", [sys.executable, "-m", "corpus"])


def soak():
    return stage("soak", [sys.executable, "-m", "soak"])


def faults():
    return stage("faults", [sys.executable, "-m", "tests.faults"])


def together(lanes):
    """Both lanes at the same time; what the second says follows when both have ended.

    A stage that is red, or interrupted, lets the one beside it run to its end, and no other begin.
    """
    red = threading.Event()

    def lane(stages, stdout=None):
        for name, argv in stages:
            if not red.is_set() and stage(name, argv, stdout):
                red.set()

    with tempfile.TemporaryFile() as said, ThreadPoolExecutor(1) as beside:
        later = beside.submit(lane, lanes[1], said)
        try:
            lane(lanes[0])
        except KeyboardInterrupt:
            red.set()
            raise
        later.result()
        said.seek(0)
        shutil.copyfileobj(said, sys.stdout.buffer)
        sys.stdout.flush()
    return int(red.is_set())


def stage(name, argv, stdout=None):
    sys.stdout.flush()
    began = time.time()
    code = subprocess.run(argv, stdout=stdout, check=False).returncode
    sys.stderr.write("stage %-8s %6.1f s   %s\n" % (name, time.time() - began, "green" if not code else "RED"))
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()
