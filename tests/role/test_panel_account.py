"""The account page: the password, and the sessions of one's own that it ends."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.visiting import shown, to

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"
OLD, NEW = "lovelace-1843", "babbage-1837-engine"


def signed_in(agent: str, name: str = "ada@example.org") -> Client:
    client = Client(headers={"user-agent": agent})
    assert to(client.post("/sign-in", {"username": name, "password": OLD})) == "/"
    return client


def users(*names: str) -> None:
    from django.contrib.auth import get_user_model

    for name in names:
        get_user_model().objects.create_user(name, password=OLD, is_staff=True)


def change(client: Client, old: str, new: str) -> Any:
    return client.post("/account", {"old_password": old, "new_password1": new, "new_password2": new})


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(nobody: Client) -> None:
    users("ada@example.org", "bea@example.org")
    here, there = signed_in(FIREFOX), signed_in(SAFARI)
    bea = signed_in(FIREFOX, "bea@example.org")
    wrong = change(here, "not-this-one", NEW)
    assert wrong.status_code == 422 and "not your password of today" in shown(wrong)
    assert "<title>Error: " in wrong.content.decode() and "not-this-one" not in wrong.content.decode()
    assert change(here, OLD, "short").status_code == 422
    assert there.get("/").status_code == 200, "nothing has happened yet"
    assert to(change(here, OLD, NEW)) == "/account"
    page = shown(here.get("/account"))
    assert "The password is changed." in page and "End the other sessions" not in page
    assert to(there.get("/")) == "/sign-in?next=/"
    assert bea.get("/").status_code == 200
    again = nobody.post("/sign-in", {"username": "ada@example.org", "password": NEW})
    assert to(again) == "/"


def test_the_account_names_its_sessions_and_ends_the_others_but_nobody_elses(nobody: Client) -> None:
    users("ada@example.org", "bea@example.org")
    here, there = signed_in(FIREFOX), signed_in(SAFARI)
    bea = signed_in(FIREFOX, "bea@example.org")
    assert to(nobody.get("/account")) == "/sign-in?next=/account"
    page = shown(here.get("/account"))
    assert "Firefox on Linux 127.0.0.1 this one" in page and "Safari on iOS" in page
    assert "DZ_TOKEN_FILE" in page and "/token" in page
    assert to(here.get("/account/sessions")) == "/account", "an address alone ends nothing"
    assert there.get("/").status_code == 200
    here.post("/account/sessions")
    assert "1 other session ended." in shown(here.get("/account"))
    assert to(there.get("/")) == "/sign-in?next=/"
    assert bea.get("/").status_code == 200
