"""The place of an error, read from a program's log."""

from __future__ import annotations

import pytest

from dz.tasklib.appserver.blame import blame, last_words

LOG = """\
[2026-11-28 10:00:00] [7] [INFO] Starting gunicorn
Traceback (most recent call last):
  File "/srv/run/p00000001/1/app/old.py", line 1, in <module>
    1 / 0
ZeroDivisionError: division by zero
[2026-11-28 10:00:01] [7] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/srv/layers/p00000001/env/lib/python3.11/site-packages/django/urls/conf.py", line 39, in include
    urlconf_module = import_module(urlconf_module)
  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
  File "<frozen importlib._bootstrap>", line 1206, in _gcd_import
  File "/srv/run/p00000001/2/app/shop/urls.py", line 7, in <module>
    from . import nothing
  File "/srv/layers/p00000001/env/lib/python3.11/site-packages/lazy/__init__.py", line 3, in load
    raise ImportError("cannot import name 'nothing'")
ImportError: cannot import name 'nothing' from 'shop'
[2026-11-28 10:00:02] [7] [INFO] Worker exiting
"""


def test_the_last_traceback_is_blamed_on_the_projects_own_frame() -> None:
    found = blame(LOG, root="/srv/run/p00000001/2/app")
    assert found.error == "ImportError: cannot import name 'nothing' from 'shop'"
    assert found.where == "shop/urls.py:7 from . import nothing"


def test_the_servers_own_traceback_below_hides_nothing() -> None:
    gives_up = LOG + (
        "Traceback (most recent call last):\n"
        '  File "/srv/layers/p00000001/env/lib/python3.11/site-packages/gunicorn/arbiter.py", line 683, in reap\n'
        "    raise HaltServer(reason, self.WORKER_BOOT_ERROR)\n"
        "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>\n"
    )
    assert blame(gives_up) == blame(LOG)


def test_where_nothing_is_the_projects_own_a_package_is_named_by_its_file_and_the_platform_never() -> None:
    guest = '  File "/srv/guest/b6307280a4ed3f2c/dz_guest/serve.py", line 96, in _uvicorn\n    config = Config()\n'
    package = '  File "/srv/layers/p1/env/lib/python3.8/site-packages/slow/__init__.py", line 3, in load\n    raise x\n'
    begin, end = "Traceback (most recent call last):\n", "TypeError: no\n"
    assert blame(begin + package + guest + end).where == "slow/__init__.py:3 raise x"
    assert (blame(begin + guest + end).where, blame(begin + guest + end).error) == ("", "TypeError: no")


OURS = '  File "/srv/guest/b6307280a4ed3f2c/dz_guest/override.py", line 34, in overrides\n    found = change(values)\n'
STDLIB = (
    '  File "/usr/lib/python3.11/re/__init__.py", line 176, in search\n    return _compile(pattern).search(string)\n'
)
IMPORT = (
    '  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module\n    return _gcd_import(name)\n'
)
DJANGO = '  File "/srv/layers/p1/env/lib/python3.8/site-packages/django/conf.py", line 3, in load\n    raise x\n'
THEIRS = '  File "/srv/run/p00000001/2/app/shop/urls.py", line 7, in <module>\n    call()\n'


@pytest.mark.parametrize(
    ("frames", "error", "ours"),
    [
        (DJANGO + OURS, "TypeError: no", "dz_guest/override.py:34 found = change(values)"),
        (OURS + STDLIB, "TypeError: no", "dz_guest/override.py:34 found = change(values)"),
        (OURS + IMPORT, "TypeError: no", ""),  # what it imports is the project's
        (OURS + DJANGO, "TypeError: no", ""),
        (THEIRS + OURS, "TypeError: no", ""),  # they led it there
        (OURS, "FileNotFoundError: no", ""),
        (OURS, "django.db.utils.OperationalError: no", ""),
    ],
)
def test_where_our_own_code_failed_the_place_in_it_is_told(frames: str, error: str, ours: str) -> None:
    assert blame(f"Traceback (most recent call last):\n{frames}{error}\n", root="/srv/run/p00000001/2/app").ours == ours


def test_a_syntax_error_is_found_where_it_is() -> None:
    text = 'Traceback (most recent call last):\n  File "/x/settings.py", line 3\n    DEBUG = = True\n            ^\nSyntaxError: invalid syntax\n'
    assert blame(text, root="/x").where == "settings.py:3 DEBUG = = True"


@pytest.mark.parametrize(
    ("line", "error", "variable"),
    [
        ('rate = os.environ["VAT_RATE"]', "KeyError: 'VAT_RATE'", "VAT_RATE"),
        ('rate = rates["VAT_RATE"]', "KeyError: 'VAT_RATE'", ""),
        (
            'rate = config("VAT_RATE")',
            "decouple.UndefinedValueError: VAT_RATE not found. Declare it as envvar or",
            "VAT_RATE",
        ),
        (
            'env("VAT_RATE")',
            "django.core.exceptions.ImproperlyConfigured: Set the VAT_RATE environment variable",
            "VAT_RATE",
        ),
        ('needed("VAT_RATE")', "ValueError: Environment variable VAT_RATE is not set", "VAT_RATE"),
        ('raise KeyError("Set the VAT_RATE env variable")', "KeyError: 'Set the VAT_RATE env variable'", "VAT_RATE"),
        ('open("VAT_RATE")', "OSError: VAT_RATE environment variable", ""),
        ("1 / 0", "ZeroDivisionError: division by zero", ""),
    ],
)
def test_a_variable_that_a_page_is_missing_is_named(line: str, error: str, variable: str) -> None:
    text = f'Traceback (most recent call last):\n  File "/x/views.py", line 3, in index\n    {line}\n{error}\n'
    assert blame(text, root="/x").variable == variable


def test_a_dotted_error_counts_and_a_log_without_one_blames_nobody() -> None:
    assert blame("django.core.exceptions.ImproperlyConfigured: no SECRET_KEY\n").error.endswith("no SECRET_KEY")
    assert blame("all is well\n") == blame("")
    assert blame("shop.models.Gym.DoesNotExist: Gym matching query does not exist.\n").error.endswith("not exist")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LOG, "ImportError: cannot import name 'nothing' from 'shop' (shop/urls.py:7 from . import nothing)"),
        (
            "Usage: celery\n\nUnable to load celery application.\nThe module konfig was not found.\nended: exit 2\n\n",
            "The module konfig was not found",
        ),
        ("\x1b[31mno such queue\x1b[0m\n", "no such queue"),
        (" \n\n", ""),
        ("ended: signal 9\n", ""),
    ],
)
def test_a_program_that_ends_without_a_traceback_is_told_by_its_last_line(text: str, told: str) -> None:
    assert last_words(text, root="/srv/run/p00000001/2/app") == told
