"""No tree, however malformed, makes the inspector raise, run long or read outside of it."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dz.errors import UserError
from dz.tasklib.build.inspect import CPU
from dz.tasklib.build.inspect.__main__ import report
from dz.tasklib.build.inspect.runner import read_answer
from tests.repositories import write_tree
from tests.unit.inspect.cases.plain import FILES, MANAGE, SETTINGS

OUTSIDE = "lies-outside-of-the-tree"
# Every name that some detector looks for.
NAMES = [
    "manage.py",
    "wsgi.py",
    "asgi.py",
    "settings.py",
    "settings/base.py",
    "settings/production.py",
    "config/celery.py",
    "urls.py",
    "models.py",
    "requirements.txt",
    "requirments.in",
    "requirements/prod.txt",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "Pipfile.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "environment.yml",
    "Procfile",
    "runtime.txt",
    ".python-version",
    ".tool-versions",
    "mise.toml",
    "Dockerfile",
    "render.yaml",
    "app.yaml",
    "app.json",
    "fly.toml",
    "docker-compose.prod.yml",
    ".readthedocs.yaml",
    "devcontainer.json",
    ".travis.yml",
    ".gitlab-ci.yml",
    ".github/workflows/ci.yml",
    ".env.example",
    "README.md",
    "README.rst",
    "package.json",
    "vite.config.js",
    "zoombuild.cfg",
    "templates/base.html",
    "__pycache__/a.cpython-39.pyc",
    ".gitmodules",
    "fixtures/a.json",
]
LINES = [
    *SETTINGS.splitlines(),
    *MANAGE.format("{{ project_name }}.settings").splitlines(),
    *"""django>=3,<2
django==4.2; os_name ~= "x"
django==4.2; python_version < "a.b"
  - django=
  - pip:
Django @ git+https://x/y
-r requirements.txt
-r ../../../../etc/passwd
-e .
pillow==99999999999999999999999999999999
Django==1!5.2.*; python_version < "4" and (
--hash=sha256:zz
[tool.poetry.dependencies]
[project]
dependencies = {django = 7}
dependencies = [1, "django==", ["django"], {a = 1}]
optional-dependencies = ["a"]
requires-python = ["3"]
python = {version = 3}
python = "^99999999999999999999999.1"
python_version = ">=3.9,<3.9"
[[package]]
name = "django"
version = [1]
version = "1.0.post"
[packages]
django = "*"
[requires]
python_version = "3.x.x"
{"default": [{"django": null}], "scripts": [], "build": 1}
import os, environ; env = environ.Env(A=(1, 2, 3), **{})
X = os.environ[os.environ["A"]][0]; os.environ.get(); os.getenv(*A); config(); env(default=1); f(**env)
DATABASES = {"default": dj_database_url.config(*A, default=b"x"), **B}
from . import *
from ..................... import *
from .settings import *
include("../../../../etc/passwd", "settings.py", "")
ROOT_URLCONF = "..."
ROOT_URLCONF: str
STATIC_URL = STATIC_ROOT = MEDIA_ROOT = "/" / "../../x" / 7
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "..a..b")
sys.path.append(os.path.join("..", "..", "..")); sys.path.insert(0)
from celery import Celery; app = Celery(); app.conf.beat_schedule = None
web: gunicorn --bind=$PORT a.b..c:d e
python-3.99999999
python-2.7.18
FROM python:3
dependencies:
  - python=3.=
  - pip:
    - django==4.2
A='${B
export =
[project]
title = %(x)s""".splitlines(),
]

_deep = st.sampled_from(["[" * 3000, "(" * 3000, "a." * 5000, "-" * 200_000, "x = " + "not " * 3000, "{" * 100_000])
_content = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(LINES), max_size=30).map(lambda lines: "\n".join(lines).encode()),
    st.lists(st.sampled_from(LINES), max_size=8).map(lambda lines: "\n".join(lines).encode("utf-16")),
    st.text(max_size=120).map(lambda text: text.encode("utf-8", errors="surrogatepass")),
    _deep.map(str.encode),
    st.tuples(
        st.sampled_from([text for text in FILES.values() if text]), st.integers(0, 300), st.binary(max_size=9)
    ).map(lambda parts: parts[0].encode()[: parts[1]] + parts[2] + parts[0].encode()[parts[1] :]),
)
_path = st.tuples(st.sampled_from(["", "", "server/", "a/b/", "d/" * 30]), st.sampled_from(NAMES)).map("".join)
_link = st.sampled_from(
    ["..", ".", "/", "manage.py", "requirements.txt", f"../{OUTSIDE}", f"../{OUTSIDE}/manage.py", "no"]
)


@settings(max_examples=30, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
@given(
    files=st.dictionaries(_path, _content, max_size=14),
    links=st.dictionaries(_path, _link, max_size=3),
    like=st.booleans(),
)
def test_any_tree_gets_an_answer(files: dict[str, bytes], links: dict[str, str], like: bool) -> None:
    with TemporaryDirectory() as folder:
        outside = {"manage.py": MANAGE.format(OUTSIDE), "requirements.txt": f"{OUTSIDE}==1\n"}
        write_tree(Path(folder) / OUTSIDE, outside)
        root = Path(folder, "tree")
        root.mkdir()
        for path, target in links.items():
            with contextlib.suppress(OSError):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).symlink_to(target)
        for path, content in {**(FILES if like else {}), **files}.items():
            with contextlib.suppress(OSError):  # a link or a file where a folder should be
                write_tree(root, {path: content}) if not (root / path).is_symlink() else None
        since = time.process_time()
        answer = json.dumps(report(root))
        assert time.process_time() - since < CPU
        assert f"{OUTSIDE}==" not in answer and f"{OUTSIDE}.settings" not in answer
        with contextlib.suppress(UserError):
            read_answer(answer.encode())


SLOW = {
    "lists that include each other": {
        f"requirements{n}.txt": "".join(f"-r requirements{other}.txt\n" for other in range(40)) for n in range(40)
    },
    "settings that take each other over": {
        f"s/settings{n}.py": SETTINGS + "".join(f"from .settings{other} import *\n" for other in range(40))
        for n in range(40)
    },
    "a sum of a thousand parts": {"wombat/settings.py": f"{SETTINGS}\nSTATIC_ROOT = {' + '.join(['A'] * 1_500)}\n"},
    "more extras than anybody reads": {
        "requirements.txt": "",
        "pyproject.toml": "[project]\nname = 'a'\ndependencies = ['django']\n[project.optional-dependencies]\n"
        + "".join(f"a{n} = ['b{n}']\n" for n in range(50_000)),
    },
    "an endless list": {"requirements.txt": "django==4.2\n" * 80_000},
    "one long line": dict.fromkeys(NAMES, "a" * 900000),
    "an app of empty lines": {
        "wombat/settings.py": f"{SETTINGS}\nINSTALLED_APPS = ['shop']\n",
        "shop/__init__.py": "",
        "shop/models.py": "\n" * 300_000,
    },
    "a choice by names that name each other": {
        "wombat/settings.py": SETTINGS
        + "A0 = 1\n"
        + "".join(f"A{n} = [{f'A{n - 1}, ' * 100}]\n" for n in range(1, 9))
        + "if A8:\n    from .production import *\n"
    },
    "lines of blanks": {
        "wombat/settings.py": f"{SETTINGS}\nimport os\nA = os.environ['A']\n",
        "app.yaml": " " * 200_000,
        ".env.example": f"#{' ' * 200_000}x\nB=1\nA=1\n",
    },
    "many projects": {f"{n}/manage.py": MANAGE.format("x") for n in range(1_000)},
}


@pytest.mark.parametrize("more", SLOW.values(), ids=SLOW)
def test_trees_made_to_keep_it_busy_are_answered_soon(more: dict[str, str], tmp_path: Path) -> None:
    root = write_tree(tmp_path, FILES | more)
    since = time.process_time()
    report(root)
    assert time.process_time() - since < CPU
