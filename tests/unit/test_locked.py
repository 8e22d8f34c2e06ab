"""What uv and pip say becomes data that can't be an option, and sentences that can be acted on."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from dz.errors import PlatformError, Transient, UserError
from dz.tasklib.build.additions import additions
from dz.tasklib.build.interpreters import Interpreter
from dz.tasklib.build.locked import Locked, Requirement, read
from dz.tasklib.build.uvfailure import failure

PYTHON = Interpreter(version=Version("3.11.2"), path=Path("/usr/bin/python3"))
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def wheel(file: str, digest: str) -> str:
    return f'{{ url = "https://files.example/{file}", hashes = {{ sha256 = "{digest}" }} }}'


def lock(*packages: str) -> bytes:
    body = "\n".join(f"[[packages]]\n{one}" for one in packages)
    return f'lock-version = "1.0"\ncreated-by = "uv"\nrequires-python = ">=3.11"\n{body}\n'.encode()


def test_a_lock_gives_names_versions_and_the_hashes_of_its_wheels() -> None:
    answer = lock(
        f'name = "django"\nversion = "4.2.30"\nwheels = [{wheel("Django-4.2.30-py3-none-any.whl", A)}]',
        f'name = "old"\nversion = "1.0"\nsdist = {wheel("old-1.0.tar.gz", B)}',
        f'name = "other"\nversion = "1.0"\nwheels = [{wheel("other-1.0-cp39-cp39-win_amd64.whl", C)}]\n'
        f"sdist = {wheel('other-1.0.tar.gz', B)}",
        f'name = "never"\nversion = "1"\nmarker = "sys_platform == \'win32\'"\n'
        f"wheels = [{wheel('never-1-py3-none-any.whl', C)}]",
        f'name = "oldest"\nversion = "1.0"\nsdist = {wheel("Oldest-1.0.tar.bz2", B)}\n'
        f"wheels = [{wheel('oldest-1.0-py3-none-any.whl', C).replace('https://files.example', 'file:///box')}]",
        f'name = "both"\nversion = "1.0"\nsdist = {wheel("Both.x-1.0.tar.bz2", B)}\n'
        f"wheels = [{wheel('both-1.0-py3-none-any.whl', C)}]",
        'name = "mine"\n[packages.directory]\npath = "."\neditable = true',
        'name = "fromgit"\n[packages.vcs]\ntype = "git"\nurl = "https://git.example/x.git"\n'
        'requested-revision = "main"\ncommit-id = "0123456789012345678901234567890123456789"',
    )
    ready, sources = read(answer, PYTHON)
    assert [one.line() for one in ready] == [f"django==4.2.30 --hash=sha256:{A}", f"both==1.0 --hash=sha256:{C}"]
    assert [one.pip for one in sources if one.name == "oldest"] == [(f"oldest==1.0 --hash=sha256:{B}",)]
    assert {one.name: (one.hashed, one.local) for one in sources} == {
        "old": (True, False),
        "oldest": (True, False),
        "other": (True, False),
        "mine": (False, True),
        "fromgit": (False, False),
    }


@pytest.mark.parametrize("digest", [B[1:], "x", B + "\\n--index-url=http://other.example", B + " --pre", ""])
def test_no_option_comes_with_the_hash_of_an_archive_of_old_times(digest: str) -> None:
    at = wheel("oldest-1.0-py3-none-any.whl", C).replace("https://files.example", "file:///box")
    answer = lock(f'name = "oldest"\nversion = "1.0"\nsdist = {wheel("Oldest-1.0.tar.bz2", digest)}\nwheels = [{at}]')
    ready, sources = read(answer, PYTHON)
    assert ([one.line() for one in ready], sources) == ([f"oldest==1.0 --hash=sha256:{C}"], [])


@pytest.mark.parametrize(
    "name, version, digest",
    [
        ("-e", "1", A),
        ("a b", "1", A),
        ("a\n--index-url", "1", A),
        ("a", "1 --pre", A),
        ("a", "1\n-e .", A),
        ("a", "1", "x"),
        ("a", "1", A + "\n"),
    ],
)
def test_nothing_but_a_name_a_version_and_hashes_gets_into_the_list(name: str, version: str, digest: str) -> None:
    with pytest.raises(ValueError, match=r"not a|name is invalid|Invalid version"):
        Requirement(name=name, version=version, hashes=(digest,))


def test_a_kept_lock_reads_back_as_itself_and_is_written_in_one_order() -> None:
    one, two = (Requirement(name=name, version="1.0", hashes=(A,)) for name in ("b", "a"))
    locked = Locked(project=(one,), platform=(two,), built=("b",))
    assert Locked.from_json(locked.json()) == locked
    assert locked.text() == f"a==1.0 --hash=sha256:{A}\nb==1.0 --hash=sha256:{A}\n"


@pytest.mark.parametrize(
    "have, expected",
    [
        ({"django": "5.2"}, ["gunicorn", "psycopg[binary]", "setuptools<81"]),
        ({"django": "3.2"}, ["gunicorn", "psycopg2-binary", "setuptools<81"]),
        ({"django": "2.2"}, ["gunicorn", "psycopg2-binary<2.9", "setuptools<81"]),
        ({"django": "1.10", "psycopg2": "2.6.2", "gunicorn": "19"}, ["psycopg2-binary<2.9", "setuptools<81"]),
        ({"django": "4.2", "psycopg2": "2.9.9", "gunicorn": "20"}, ["psycopg2-binary~=2.9.0", "setuptools<81"]),
        ({"django": "5.2", "psycopg": "3.2.1"}, ["gunicorn", "psycopg-binary==3.2.1", "setuptools<81"]),
        ({"django": "5.2", "psycopg": "3", "psycopg-c": "3", "setuptools": "90"}, ["gunicorn"]),
        ({"django": "5.2", "psycopg2-binary": "2.9.9", "setuptools": "90"}, ["gunicorn"]),
    ],
)
def test_the_platform_adds_only_what_a_project_lacks(have: dict[str, str], expected: list[str]) -> None:
    assert additions(have, asgi_only=False) == expected


def test_a_site_with_asgi_alone_gets_its_server() -> None:
    assert {"uvicorn", "websockets"} <= set(additions({"django": "5.2"}, asgi_only=True))


@pytest.mark.parametrize(
    "said, id, words",
    [
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because you require django<4 and django>=4, we can conclude that they are unsatisfiable.",
            "build.requirements-conflict",
            "django<4 and django>=4",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because nope was not found in the package registry and you require nope, we can conclude",
            "build.package-not-found",
            "nope",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because there is no version of django==99 and you require django==99, we can conclude",
            "build.version-not-found",
            "django==99",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because only the following versions of thing are available:\n    thing<0.2.0\n    thing>0.3.dev0\n"
            "and you require thing>=0.2.0,<0.3.dev0, we can conclude that your requirements are unsatisfiable.",
            "build.version-not-found",
            "thing>=0.2.0,<0.3.dev0",
        ),
        (
            "  WARNING: Generating metadata for package thing produced metadata for project name unknown. Fix your"
            " #egg=thing fragments.\nERROR: Could not find a version that satisfies the requirement thing==1.38.0"
            " (from versions: 1.37, 1.38.0)\nERROR: No matching distribution found for thing==1.38.0",
            "build.package-build-failed",
            "thing",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because there is no version of torch==2.13.0+cpu and you require torch==2.13.0+cpu, we can conclude",
            "build.other-index",
            "torch==2.13.0+cpu",
        ),
        (
            'error: Couldn\'t parse requirement in `requirements.txt` at position 0\n  cause: no such operator "="',
            "build.requirements-syntax",
            "requirements.txt",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because one==4.6 depends on typing-extensions{python_full_version < '3.11'}>=4.13.2 and you"
            " require one==4.6, we can conclude that you require typing-extensions>=4.13.2.\n"
            "         And because you require typing-extensions==4.12.2, we can conclude that your requirements are"
            " unsatisfiable.\n",
            "build.requirements-conflict",
            "one==4.6 needs typing-extensions>=4.13.2, and typing-extensions==4.12.2 is asked for",
        ),
        (
            "error: No solution found when resolving dependencies\n"
            "  cause: Because the current Python version (3.9.18) does not satisfy Python>=3.10,<4 and one==2.1.0 depends on"
            " Python>=3.10,<4, we can conclude that one==2.1.0 cannot be used.\n",
            "python.none-fits",
            "one==2.1.0 is for Python >=3.10,<4, and here is 3.11.2",
        ),
        (
            "error: Failed to build `old==1.0`\n  cause: exit 1\n      except pkg.Conflict, e:\n"
            "                         ^\n      SyntaxError: invalid syntax\n",
            "build.package-for-python2",
            "old is written for Python 2",
        ),
        (
            "error: Request failed after 3 retries\n  cause: Failed to fetch: https://git.example/x/archive/1.zip\n"
            "  cause: error sending request for url (https://git.example/x/archive/1.zip)\n",
            "build.git-requirement",
            "https://git.example/x/archive/1.zip gives no answer",
        ),
        (
            "error: Failed to fetch: `http://u:p@index.example:8081/simple/x/`\n  cause: HTTP status client error (403)\n",
            "build.package-not-fetched",
            "http://index.example:8081",
        ),
        (
            "error: Error parsing included file in `all.txt` at position 3\n"
            '  cause: Expected `--hash`, found `"--no-such"`: base.txt:8:10\n',
            "build.requirements-syntax",
            'all.txt can\'t be read: Expected `--hash`, found `"--no-such"`: base.txt:8:10',
        ),
        ("error: File not found: `base.txt`\n", "build.requirements-missing", "base.txt"),
        (
            "  OSError: mysql_config not found\n  [end of output]\nERROR: Failed to build 'mysqlclient' when getting",
            "build.system-library",
            "mysqlclient has to be compiled and needs libmysqlclient-dev",
        ),
        (
            "  error: subprocess-exited-with-error\n  httpx.ProxyError: 502 No such host\n  [end of output]\n"
            "error: metadata-generation-failed\n\n× Encountered error while generating package metadata.\n"
            "╰─> pydantic-core\n\nnote: This is an issue with the package mentioned above, not pip.\n",
            "build.package-build-failed",
            "pydantic-core",
        ),
        (
            "error: Failed to build `gdal==3.6.2`\n  FileNotFoundError: [Errno 2] No such file: 'gdal-config'\n",
            "build.system-library",
            "gdal has to be compiled and needs libgdal-dev",
        ),
        (
            "ERROR: Requested old==1 from file://old (from -r b.txt (line 1)) has invalid metadata: Expected x\n",
            "build.package-build-failed",
            "old",
        ),
        (
            "WARNING: Discarding https://index.example/old-1.tar.gz. Command errored out with exit status 1: python\n"
            "ERROR: Could not find a version that satisfies the requirement old==1 (from versions: 0.9, 1)\n"
            "ERROR: No matching distribution found for old==1\n",
            "build.package-build-failed",
            "old",
        ),
        (
            "error: No solution found when resolving dependencies\n  cause: Because one==1.16.3 has no wheels with a"
            " matching Python ABI tag (e.g., `cp312`) and you require one==1.16.3, we can conclude that your"
            " requirements are unsatisfiable.\n",
            "build.version-not-found",
            "No release one==1.16.3 can be installed for Python 3.11.2",
        ),
        ("error: Failed to build `old==1`\n  cause: exit 1", "build.package-build-failed", "old"),
        (
            "error: subprocess-exited-with-error\n  × git clone --quiet https://git.example/x did not run successfully.\n"
            "      fatal: unable to access 'https://git.example/x/': no route\nERROR: Failed to build 'x @ git+https'\n",
            "build.git-requirement",
            "git.example/x/': no route",
        ),
        ("error: Git operation failed\n  cause: failed to clone into: x", "build.git-requirement", "clone"),
        ("error: something new", "build.requirements-invalid", "something new"),
        (
            "error: Failed to parse metadata from built wheel\n  cause: after parsing `1`, found `pytz>=2015.4`, which is"
            " not part of a valid version\n         toml (<1pytz>=2015.4,>=0.10.0)\n               ^^^^^^\n",
            "build.requirements-invalid",
            "found `pytz>=2015.4`, which is not part of a valid version: toml (<1pytz>=2015.4,>=0.10.0)",
        ),
        (
            "ERROR: Distributions from PyPI cannot declare direct URL dependencies.\nautobahn depends on web3 @ git+x",
            "build.requirements-invalid",
            "Distributions from PyPI cannot declare",
        ),
    ],
)
def test_what_uv_says_becomes_a_sentence_with_a_next_act(said: str, id: str, words: str) -> None:
    error = failure(said, python="3.11.2", indexes=["index.example"])
    assert isinstance(error, UserError) and error.id == id
    assert words in error.brief and error.next


def test_a_silent_index_and_a_resolver_that_cannot_run_are_not_the_users_fault() -> None:
    silent = "error: Request failed\n  cause: Failed to fetch: https://index.example/simple/django/\n  cause: dns error"
    assert isinstance(failure(silent, python="3.11"), Transient)
    broken = failure("bwrap: Can't find source path", python="3.11")
    assert isinstance(broken, PlatformError) and not isinstance(broken, UserError)
    fault = failure("ERROR: Exception:\nTraceback (most recent call last):", python="3.11")
    assert isinstance(fault, PlatformError) and not isinstance(fault, UserError)
    full = failure("error: Failed to write\n  cause: No space left on device (os error 28)", python="3.11")
    assert isinstance(full, PlatformError) and full.id == "platform.disk-full"
