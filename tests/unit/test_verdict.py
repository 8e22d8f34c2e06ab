"""The guest's answers are not trusted: what is not a well-formed answer is an error of the project, never of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dz.errors import UserError
from dz.tasklib.build import verdict

ROOT = Path("/srv/p00000042/app")
LEARNED = {"static_url": "/static/", "media_url": "/media/", "staticfiles": True}


def output(value: object, before: bytes = b"noise\n") -> bytes:
    return before + b"\nMARK\n" + json.dumps(value).encode() + b"\n"


def a_try(settings: str, stage: str, **error: Any) -> dict[str, Any]:
    return {"settings": settings, "ok": False, "stage": stage, "seconds": 0.1, "error": {"kind": "exception", **error}}


def told(*tries: dict[str, Any]) -> UserError:
    with pytest.raises(UserError) as raised:
        verdict.probe_result(output({"python": "3.13.0", "tries": list(tries)}), "MARK", ROOT)
    return raised.value


def test_files_are_named_as_in_the_repository_in_an_errors_words_too() -> None:
    words = f"cannot import name 'x' from 'shop' ({ROOT}/shop/__init__.py)"
    assert "'shop' (shop/__init__.py)" in told(a_try("a", "urls", type="ImportError", message=words)).brief


def test_a_candidate_that_works_is_the_result() -> None:
    works = {"settings": "shop.dev", "ok": True, "stage": "", "seconds": 1, "wsgi": "shop.wsgi", "learned": LEARNED}
    value = {"python": "3.13.0", "tries": [a_try("shop.prod", "settings"), works]}
    result = verdict.probe_result(output(value), "MARK", ROOT)
    assert (result.chosen.settings, result.chosen.wsgi, result.learned.media_url) == (
        "shop.dev",
        "shop.wsgi",
        "/media/",
    )
    assert [one.settings for one in result.failed] == ["shop.prod"]


def test_a_release_that_says_nothing_fit_to_be_read_has_said_nothing() -> None:
    works = {"settings": "shop.dev", "ok": True, "stage": "", "seconds": 0, "learned": LEARNED}
    said = verdict.said_result(json.dumps({"python": "3.13.0", "tries": [works]}))
    assert said is not None and said.learned.media_url == "/media/"
    failed = json.dumps({"python": "3.13.0", "tries": [a_try("shop.dev", "urls")]})
    for text in ("", "{}", "[" * 100_000, "null", json.dumps({"tries": [works]}), failed):
        assert verdict.said_result(text) is None


@pytest.mark.parametrize("url", ["/", "", "/a b/", "/s;return 200/", "/../", "/static", "/s/" * 99])
def test_a_static_url_that_the_proxy_cannot_serve_is_told_while_building(url: str) -> None:
    works = {"settings": "shop.dev", "ok": True, "stage": "", "seconds": 1, "learned": LEARNED | {"static_url": url}}
    with pytest.raises(UserError) as refused:
        verdict.probe_result(output({"python": "3.13.0", "tries": [works]}), "MARK", ROOT)
    assert refused.value.id == "settings.static-url"


def test_static_files_on_another_host_are_none_of_the_proxys() -> None:
    works = {"settings": "shop.dev", "ok": True, "stage": "", "seconds": 1}
    works |= {"learned": LEARNED | {"static_url": "https://cdn.example/s/"}}
    assert verdict.probe_result(output({"python": "3.13.0", "tries": [works]}), "MARK", ROOT).learned.static_url == ""


def test_of_several_failures_the_one_that_came_furthest_is_told() -> None:
    assert told(a_try("a", "settings"), a_try("b", "urls"), a_try("c", "urls")).id == "app.urls-failed"


def test_settings_that_are_not_there_are_told_only_when_nothing_else_is() -> None:
    missing = a_try("shop.prod", "settings", kind="module", name="shop.prod")
    assert told(missing).id == "settings.not-found"
    assert told(missing, a_try("shop.dev", "settings", kind="module", name="corsheaders")).facts == {
        "module": "corsheaders"
    }


def test_a_module_of_a_system_library_is_told_as_that() -> None:
    error = told(
        a_try("shop.settings", "settings", kind="module", name="osgeo.gdal", message="No module named 'osgeo'")
    )
    assert (error.id, error.facts["library"]) == ("settings.library-missing", "GDAL")


@pytest.mark.parametrize("module", ["winreg", "msvcrt", "win32com.client", "wmi"])
def test_a_module_that_only_windows_has_is_told_as_that(module: str) -> None:
    error = told(a_try("shop.settings", "urls", kind="module", name=module, message=f"No module named '{module}'"))
    assert (error.id, error.facts["module"]) == ("settings.windows", module)


def test_a_file_outside_the_checkout_is_not_named() -> None:
    inside = told(a_try("a", "urls", file=f"{ROOT}/shop/urls.py", line=3, source="boom()"))
    assert inside.where == "shop/urls.py:3  boom()"
    for file in ("/etc/shadow", f"{ROOT}/../p00000043/x.py", f"{ROOT}x/y.py"):
        assert told(a_try("a", "urls", file=file, line=1)).where == ""


def test_a_variable_whose_name_is_a_command_is_not_put_into_one() -> None:
    error = told(a_try("a", "settings", kind="variable", name="X; rm -rf ~", type="KeyError", message="X"))
    assert error.id == "settings.import-failed"


def test_control_characters_do_not_reach_a_terminal() -> None:
    error = told(a_try("a", "urls", type="E", message="\x1b[2Jred\u202e", file=f"{ROOT}/a.py", source="\x9b1m"))
    assert "\x1b" not in error.brief + error.where
    assert "\u202e" not in error.brief


@pytest.mark.parametrize(
    "raw",
    [b"", b"Killed\n", b"\nMARK\n", b"\nMARK\nnot json\n", b"\nMARK\n[]\n", output({"python": "3", "tries": [{}]}),
     output({"python": "x" * 9000, "tries": []}), output({"python": "3", "tries": []}), b"\nOTHER\n{}\n"],
)  # fmt: skip
def test_what_is_no_answer_says_so(raw: bytes) -> None:
    with pytest.raises(UserError) as raised:
        verdict.probe_result(raw, "MARK", ROOT)
    assert raised.value.id == "settings.no-answer"


@pytest.mark.parametrize(
    ("raw", "code", "told"),
    [
        (b"", 137, "it was killed and said nothing."),
        (b"one\nAborted\n", -6, "it ended with -6, its last words were 'Aborted'."),
    ],
)
def test_without_an_answer_it_is_told_how_it_ended(raw: bytes, code: int, told: str) -> None:
    with pytest.raises(UserError, match=told) as raised:
        verdict.hook_result(raw, "MARK", code=code)
    assert raised.value.id == "settings.no-answer"


@settings(deadline=None, database=None, derandomize=True)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["python", "tries", "settings", "ok", "stage", "error", "kind"]), inner)))  # fmt: skip
def test_no_answer_whatever_breaks_the_reader(value: object) -> None:
    with pytest.raises(UserError):
        verdict.probe_result(output(value), "MARK", ROOT)


def test_a_failed_migration_says_what_stays() -> None:
    value = {
        "command": "migrate", "ok": False, "applied": [["shop", "0001"], ["shop", "0002"]], "failed": ["shop", "0003"],
        "error": {"kind": "exception", "type": "ValueError", "message": "no", "file": f"{ROOT}/m.py", "line": 2, "source": "x"},
    }  # fmt: skip
    error = verdict.hook_error(verdict.hook_result(output(value), "MARK"), ROOT)
    assert error.brief == "Migration shop.0003 failed: ValueError: no. 2 before it are applied and stay so."
    assert error.where == "m.py:2  x"
