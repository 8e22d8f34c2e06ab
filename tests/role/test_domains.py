"""Domains of a project's own: what brings them, what takes them back, and whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dz.errors import UserError
from tests.role.test_panel_project import SHOP, release, shop
from tests.visiting import shown, to

__all__ = ["shop"]


def test_a_refused_change_of_domains_or_variables_leaves_nothing_of_itself(shop: Any) -> None:
    from dz2 import domains, services
    from dz2.models import Config, Job

    jobs = Job.objects.count()
    with pytest.raises(UserError, match="code first"):
        services.deploy("shop", services.Beside(hostnames=["www.shop.example"], variables={"LD_PRELOAD": "x"}))
    shop.destroying_at = timezone.now()
    shop.save()
    release(shop, 1, "live")
    with pytest.raises(UserError):
        domains.add(shop, ["www.shop.example"])
    with pytest.raises(UserError):
        services.deploy("shop", services.Beside(hostnames=["www.shop.example"], variables={"KEY": "1"}))
    assert (shop.hostnames.count(), Config.objects.count(), Job.objects.count()) == (1, 0, jobs)


def test_a_domain_is_added_to_what_is_live_by_a_release_and_what_is_not_the_projects_is_refused(
    ada: Client, shop: Any
) -> None:
    from dz2 import domains, services
    from dz2.models import Job, VirtualHostname

    release(shop, 1, "live")
    add, page = f"{SHOP}/domain", f"{SHOP}/settings"
    other = services.project_of("https://git.example/ada/other")
    assert domains.add(other, ["www.other.example"]) is None, "nothing of it runs that would have to know"
    for word, said in {
        "http://shop.example": "is no domain",
        "10.0.0.1": "is no domain",
        "*.shop.example": "is no domain",
        "other.localhost": "the platform gives out itself",
        "www.other.example": "leads to the project other already",
    }.items():
        wrong = ada.post(add, {"domain": word})
        assert wrong.status_code == 422 and said in shown(wrong), word
    assert to(ada.post(add, {"domain": "WWW.Shop.Example."})).startswith("/jobs/")
    assert (Job.objects.latest("pk").kind, shop.hostnames.count()) == ("restart", 2)
    shown_job = shown(ada.get(f"/jobs/{Job.objects.latest('pk').pk}"))
    assert "Change the domains of shop" in shown_job and "Restart shop" not in shown_job
    assert "Change the domains" in shown(ada.get("/jobs"))
    assert to(ada.post(add, {"domain": "www.shop.example"})) == page, "it has it"
    assert "www.shop.example Take away" in shown(ada.get(page))
    given = ada.post(add, {"domain": "shop.localhost", "remove": "yes"})
    assert given.status_code == 422 and "got from its name" in shown(given)
    assert to(ada.post(add, {"domain": "www.shop.example", "remove": "yes"})).startswith("/jobs/")
    assert not VirtualHostname.objects.filter(hostname="www.shop.example").exists()
    assert to(ada.post(add, {"domain": "www.shop.example", "remove": "yes"})) == page, "pressed twice"


def test_domains_are_as_before_when_the_release_that_should_have_brought_them_comes_to_nothing(shop: Any) -> None:
    from dz2 import domains, engine, services
    from dz2.models import VirtualHostname

    def names() -> list[str]:
        return list(domains.listed(shop).values_list("hostname", flat=True))[1:]

    release(shop, 1, "live")
    shop.hostnames.create(hostname="kept.example")
    for ask in (
        lambda: domains.add(shop, ["kept.example", "www.shop.example"]),
        lambda: domains.remove(shop, "kept.example"),
        lambda: services.deploy("shop", services.Beside(hostnames=["www.shop.example"])),
    ):
        asked = ask()
        assert asked is not None and names() != ["kept.example"]
        engine.cancel(asked.pk)
        assert names() == ["kept.example"]
    switched = domains.add(shop, ["www.shop.example"])
    shop.releases.create(number=7, job=switched, state="retired", commit="7" * 40, live_at=timezone.now())
    assert switched is not None
    engine.cancel(switched.pk)
    assert "www.shop.example" in names(), "its release was live with it"
    first = services.deploy("https://git.example/ada/other", services.Beside(hostnames=["www.other.example"]))
    engine.cancel(first.pk)
    assert VirtualHostname.objects.filter(hostname="www.other.example").exists(), "the next deploy brings it"


def test_a_domain_stays_as_long_as_a_job_is_to_bring_it_and_goes_with_the_last_of_them(shop: Any) -> None:
    from dz2 import domains, engine, services

    def deploy(*names: str) -> Any:
        return services.deploy("shop", services.Beside(hostnames=names))

    def own() -> list[str]:
        return list(domains.listed(shop).values_list("hostname", flat=True))[1:]

    release(shop, 1, "live")
    first, second = deploy("www.shop.example"), deploy("www.shop.example")
    engine.cancel(first.pk)
    assert own() == ["www.shop.example"], "the second is to bring it still"
    third, fourth = deploy("shop.example"), deploy("a.example")
    engine.cancel(second.pk)
    third.refresh_from_db()
    assert (third.state, own()) == ("superseded", ["shop.example", "a.example"])
    engine.cancel(fourth.pk)
    assert own() == [], "what the one that it superseded was to bring went with it"
    switched, waits = deploy("www.shop.example"), deploy("www.shop.example")
    shop.releases.create(number=7, job=switched, state="retired", commit="7" * 40, live_at=timezone.now())
    engine.cancel(switched.pk)
    engine.cancel(waits.pk)
    assert own() == ["www.shop.example"], "a release went live with it meanwhile"


def test_a_domain_that_comes_back_has_its_certificate_still(shop: Any) -> None:
    from dz2 import domains, engine

    release(shop, 1, "live")
    shop.hostnames.create(hostname="www.shop.example", tls=True)
    gone = domains.remove(shop, "www.shop.example")
    assert gone is not None
    engine.cancel(gone.pk)
    assert shop.hostnames.get(hostname="www.shop.example").tls


def test_no_project_gets_the_panels_own_name(ada: Client, shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dz2 import accounts, services

    with monkeypatch.context() as patched:
        patched.setenv("DZ_PANEL_URL", "https://panel.localhost/")
        accounts.panel.cache_clear()
        assert services.project_of("https://git.example/ada/panel").name == "panel-2"
        with pytest.raises(UserError, match="panel"):
            services.project_of("https://git.example/bea/site", name="panel")
    accounts.panel.cache_clear()
    assert services.project_of("https://git.example/bea/site", name="panel").name == "panel"
