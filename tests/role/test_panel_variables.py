"""A project's variables: listed with what reads them, shown one by one, pasted as a whole .env."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.role.test_panel_project import SHOP, shop
from tests.visiting import shown, to

__all__ = ["shop"]


def test_a_variable_is_listed_with_what_reads_it_and_shown_only_when_asked_for(ada: Client, shop: Any) -> None:
    page = f"{SHOP}/variables"
    assert "STRIPE_API_KEY ! no value - shop/settings.py:42 Leave unset" in shown(ada.get(page))
    ada.post(page, {"name": "STRIPE_API_KEY", "value": "sk-1"})
    listed = shown(ada.get(page))
    assert "just now by ada@example.org, config 1 shop/settings.py:42" in listed and "sk-1" not in listed
    revealed = ada.post(f"{page}/reveal", {"name": "STRIPE_API_KEY"})
    assert "sk-1" in shown(revealed) and revealed.headers["Cache-Control"] == "no-store"
    assert ada.post(f"{page}/reveal", {"name": "OTHER"}).status_code == 404
    for name, said in {
        "OTHER": "no variable OTHER",
        "not one\n" + "y" * 99: "no variable 'not one\\n" + "y" * 72 + "'",
    }.items():
        assert said in shown(ada.post(f"{page}/unset", {"name": name})), "what is no name is quoted, and cut"
    assert "STRIPE_API_KEY was shown to ada@example.org just now" in shown(ada.get(page))
    assert to(ada.get(f"{page}/reveal")) == page, "an address shows nothing"
    assert "No check of shop found that it reads GREETNG" in shown(ada.post(f"{page}/leave", {"name": "GREETNG"}))
    ada.post(f"{page}/leave", {"name": "VAT_RATE"})
    assert "Left unset, as you decided: VAT_RATE" in shown(ada.get(page))
    ada.post(f"{page}/unset", {"name": "STRIPE_API_KEY"})
    assert "STRIPE_API_KEY ! no value" in shown(ada.get(page))


def test_a_variable_that_alone_is_needed_is_listed_with_the_line_that_reads_it(ada: Client, shop: Any) -> None:
    from dz2.models import ConfigGuess

    found = ConfigGuess.objects.filter(field="environment")
    found.filter(is_primary=False).delete()  # of a list of one the inspector tells one guess
    found.update(value="STRIPE_API_KEY", basis_file="shop/settings.py", basis_line=42)
    page = f"{SHOP}/variables"
    assert "STRIPE_API_KEY ! no value - shop/settings.py:42 Leave unset" in shown(ada.get(page))
    ada.post(page, {"name": "STRIPE_API_KEY", "value": "sk-1"})
    assert "config 1 shop/settings.py:42" in shown(ada.get(page))


def test_a_pasted_env_is_saved_after_its_preview_and_what_it_lacks_goes_only_if_told(ada: Client, shop: Any) -> None:
    from dz2 import configs

    def values() -> dict[str, str]:
        return {name: value.reveal() for name, value in configs.opened(shop, configs.latest(shop)).items()}

    page = f"{SHOP}/variables"
    configs.change(shop, {"SAME": "1", "CHANGED": "1", "GONE": "1"})
    text = 'SAME=1\r\nCHANGED=2\r\nADDED="one\r\ntwo ${SAME}"\r\n'
    preview = shown(ada.post(f"{page}/paste", {"text": text}))
    for said in ("Added (1) ADDED", "Changed (1) CHANGED", "The same (1) SAME", "Missing there (1) GONE"):
        assert said in preview
    assert len(values()) == 3, "a preview saves nothing"
    assert to(ada.post(f"{page}/paste", {"text": text, "save": "yes", "missing": "keep"})) == page
    assert values() == {"SAME": "1", "CHANGED": "2", "GONE": "1", "ADDED": "one\ntwo ${SAME}"}
    ada.post(f"{page}/paste", {"text": text, "save": "yes", "missing": "remove"})
    assert "GONE" not in values()
    wrong = ada.post(f"{page}/paste", {"text": "LD_PRELOAD=x\n"})
    assert wrong.status_code == 422 and "makes every program load other code first" in shown(wrong)


def test_a_page_that_tells_of_a_problem_says_so_once_in_its_title(ada: Client, shop: Any) -> None:
    for path, sent in {
        "variables": {"name": "BAD NAME", "value": "x"},
        "variables/paste": {"text": "no variable"},
        "domain": {"domain": "http://shop.example/x"},
        "scale": {"count-web": "many"},
    }.items():
        page = ada.post(f"{SHOP}/{path}", sent).content.decode()
        title = page.partition("<title>")[2].partition("</title>")[0]
        assert title.count("Error: ") == 1 and title.startswith("Error: "), (path, title)
        # a part that is fetched later brings a title of its own, that of a page without the problem
        assert all("ignoreTitle:true" in part.partition(">")[0] for part in page.split('hx-trigger="load"')[1:]), path
