"""The panel's pages by plain links and forms, without JavaScript: what each shows, what its forms refuse and do.

Jobs are moved by the engine as a worker would move them.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from typing import Any

import pytest
from django.test import Client

from dz.cli.grammar import find
from tests.panels import Hands
from tests.visiting import URL, checked, shown, to


def test_a_link_makes_an_administrator_once_and_no_log_has_its_token(
    nobody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    from django.contrib.auth import get_user_model

    from dz2 import links

    path = links.make()[0].removeprefix("http://localhost:8800")
    weak = nobody.post(path, {"name": "Ada", "email": "ada@example.org", "password": "secret"})
    assert weak.status_code == 422
    stranger = Client(enforce_csrf_checks=True).post(path, {"name": "Bea"})
    assert stranger.status_code == 403
    assert [line.split(" (")[0] for line in caplog.messages] == ["Unprocessable Entity: /welcome/...", "Forbidden"]
    assert path.removeprefix("/welcome/") not in caplog.text
    assert "There is a problem" in shown(weak) and "at least 10 characters" in shown(weak)
    assert 'value="ada@example.org"' in weak.content.decode()
    assert to(nobody.post(path, {"name": "Ada", "email": "Ada@example.org", "password": "lovelace-1843"})) == "/"
    assert "Your first project" in shown(nobody.get("/"))
    user = get_user_model().objects.get()
    assert (user.username, user.is_staff, user.first_name) == ("ada@example.org", True, "Ada")
    again = Client().get(path)
    assert again.status_code == 410
    assert "This link was used at" in shown(again) and "dz admin link" in shown(again)
    assert Client().get("/welcome/never-made").status_code == 404


def test_who_is_not_signed_in_is_led_to_the_sign_in_of_every_page(nobody: Client, hands: Hands) -> None:
    for path in ("/", "/new", "/jobs", "/hosts", "/jobs/1", "/jobs/1/live", "/jobs/1/lines", "/jobs/1/stream"):
        assert to(nobody.get(path)) == f"/sign-in?next={path}", path
    for path in ("/projects/shop", "/projects/shop/variables", "/projects/shop/settings", "/projects/shop/form"):
        assert to(nobody.get(path)) == f"/sign-in?next={path}", path
    for path in ("/projects/shop/logs", "/projects/shop/logs/lines", "/projects/shop/logs/stream"):
        assert to(nobody.get(path)) == f"/sign-in?next={path}", path
    for path in ("/jobs/1/cancel", "/jobs/1/again", "/projects/shop/deploy", "/projects/shop/check"):
        assert to(nobody.post(path)) == f"/sign-in?next={path}", path
    assert "dz admin link" in shown(nobody.get("/sign-in"))


def test_wrong_passwords_are_counted_and_the_right_one_is_let_in(nobody: Client) -> None:
    from django.contrib.auth import get_user_model

    from dz2.models import SignInTries
    from dz2.panel.entering import TRIES, TRIES_FROM, count_try

    get_user_model().objects.create_user("ada@example.org", password="lovelace-1843")
    wrong = {"username": "ADA@example.org", "password": "wrong-password"}
    for _ in range(TRIES - 1):
        count_try("ada@example.org", "192.0.2.1")
    answer = nobody.post("/sign-in", wrong)
    assert answer.status_code == 422 and "Wrong e-mail or password." in shown(answer)
    right = wrong | {"password": "lovelace-1843"}
    assert re.search(r"Too many tries; again at \d\d:\d\d UTC", shown(nobody.post("/sign-in", right)))
    SignInTries.objects.all().delete()
    for number in range(TRIES_FROM):
        count_try(f"guess-{number}@example.org", "192.0.2.1")
    refused = nobody.post("/sign-in", right, REMOTE_ADDR="192.0.2.1")
    assert "Too many tries" in shown(refused)  # however many names it guessed
    assert to(nobody.post("/sign-in", right | {"next": "/jobs"})) == "/jobs"


def test_what_is_no_repository_is_told_beside_the_field(ada: Client) -> None:
    answer = ada.post("/new", {"target": "nonsense", "name": "shop"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is not the address of a Git repository" in shown(answer)
    assert '<a href="#id_target">' in page and 'value="nonsense"' in page and "<title>Error: " in page
    named = ada.post("/new", {"target": URL, "name": "Sh op"})
    assert named.status_code == 422 and '<a href="#id_name">' in named.content.decode()


def test_a_url_is_looked_into_then_its_form_is_checked_and_built(ada: Client, hands: Hands) -> None:
    from dz2.configs import latest, opened
    from dz2.models import Job, Project

    checked(ada, hands, "STRIPE_API_KEY")
    job = Job.objects.get()
    page = ada.get(f"/jobs/{job.pk}")
    assert "shop.settings" in shown(page) and "manage.py" not in page.headers
    assert "/projects/shop/form" in page.content.decode()
    form = ada.get("/projects/shop/form")
    assert "1 needs a value" in shown(form) and 'os.environ["STRIPE_API_KEY"]' in shown(form)
    empty = ada.post("/projects/shop/form", {"settings_module": "shop.other"})
    assert empty.status_code == 422
    assert "STRIPE_API_KEY has no value yet." in shown(empty) and 'value="shop.other"' in empty.content.decode()
    wrong = ada.post("/projects/shop/form", {"env-STRIPE_API_KEY": "sk", "settings_module": "../etc"})
    assert wrong.status_code == 422 and "zoombuild.cfg cannot be used" in shown(wrong)
    sent = {"env-STRIPE_API_KEY": "sk-1", "settings_module": "shop.other", "key": "once"}
    answer = ada.post("/projects/shop/form", sent)
    assert answer.status_code == 302, shown(answer)
    project = Project.objects.get()
    assert project.confirmed == ["django_settings_module"]
    assert "django_settings_module = shop.other" in project.build_config
    assert opened(project, latest(project))["STRIPE_API_KEY"].reveal() == "sk-1"
    assert "sk-1" not in ada.get("/projects/shop/variables").content.decode()
    assert to(ada.post("/projects/shop/form", sent)) == to(answer), "a double submit is one job"
    assert "confirmed by you" in shown(ada.get("/projects/shop/form"))


def test_what_could_be_either_is_asked_with_its_reasons_and_the_answer_is_confirmed(ada: Client, hands: Hands) -> None:
    from django.db.models.functions import Now

    from dz2.models import ConfigGuess, Host, Job, Project

    now = Now()
    Host.objects.create(instance_id="build-1", role="build", pythons=["3.9.1", "3.12.1"], last_heartbeat=now)
    checked(ada, hands)
    ConfigGuess.objects.filter(field="settings_module").update(confidence=0.72)
    dev = ConfigGuess(field="settings_module", value="shop.dev", confidence=0.6, is_primary=False)
    python = ConfigGuess(field="python_version", value="3.12", confidence=0.4, is_primary=True)
    for guess in (dev, python):
        guess.project, guess.job, guess.basis_why = Project.objects.get(), Job.objects.get(), "DEBUG is <on>"
        guess.save()
    form = ada.get("/projects/shop/form")
    assert "1 to choose" in shown(form) and "likely 0.72" in shown(form) and "DEBUG is &lt;on" in form.content.decode()
    assert "The build hosts have 3.12.1 , 3.9.1 ." in shown(form)
    assert 'value="shop.settings" checked' in form.content.decode()
    other = {"settings_module": "__other__", "settings_module-other": "shop .x"}
    refused = ada.post("/projects/shop/form", other)
    assert refused.status_code == 422 and 'value="__other__" checked' in refused.content.decode()
    assert ada.post("/projects/shop/form", {"settings_module": "shop.settings"}).status_code == 302
    assert Project.objects.get().confirmed == ["django_settings_module"], "asked and answered, though unchanged"


def test_zoombuild_as_text_is_kept_as_far_as_it_is_changed(ada: Client, hands: Hands) -> None:
    from dz2.models import Project

    checked(ada, hands)
    bad = ada.post("/projects/shop/form", {"zoombuild": "[project]\npip_requirements = x\n"})
    assert bad.status_code == 422 and "pip_reqs" in shown(bad)
    text = "[project]\r\ndjango_settings_module = shop.settings\r\npython_version = 3.12\r\n"
    assert ada.post("/projects/shop/form", {"zoombuild": text}).status_code == 302
    assert Project.objects.get().confirmed == ["python_version"]


def test_a_live_project_is_shown_with_its_address_and_everything_about_it(ada: Client, hands: Hands) -> None:
    from dz2.models import Project

    checked(ada, hands)
    job = to(ada.post("/projects/shop/deploy"))
    assert "running" in shown(ada.get(job))
    hands.deploy()
    page = ada.get(job)
    assert "shop is live" in shown(page) and 'href="http://shop.localhost:8800/"' in page.content.decode()
    assert "http-equiv" not in page.content.decode()
    for path, words in {
        "/": "release 1",
        "/jobs": "Build and deploy",
        "/projects/shop": "web.1",
        "/projects/shop/releases": "Releases",
        "/projects/shop/database": "shop has no database yet",
        "/projects/shop/variables": "Set one",
        "/projects/shop/logs": "dz logs shop -f",
        "/projects/shop/settings": "Destroy shop",
        "/projects/shop/form": "Check how shop will be built",
        "/projects/shop/key": "Deploy key",
        "/hosts": "app-1 appserver ✓ ok",
        "/account": "Where you are signed in",
    }.items():
        answer = ada.get(path)
        assert answer.status_code == 200, path
        assert words in shown(answer), path
        command, rest = find(shlex.split(re.findall(r'data-copy="dz ([^"]+)"', answer.content.decode())[0]))
        assert command.local or command.parser().parse_args(rest), path  # it is one that exists
        assert " style=" not in answer.content.decode(), path
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
    wrong = ada.post("/projects/shop/settings", {"typed": "shopp"})
    assert wrong.status_code == 422 and "Type shop" in shown(wrong)
    assert ada.post("/projects/shop/settings", {"typed": "shop"}).status_code == 302
    assert Project.objects.get().jobs.filter(kind="destroy").exists()


def test_a_failure_names_its_cause_what_is_live_and_takes_the_missing_value_on_the_same_page(
    ada: Client, hands: Hands
) -> None:
    from dz2.configs import latest, opened
    from dz2.models import Job, Project

    checked(ada, hands)
    failed = to(ada.post("/projects/shop/deploy"))
    told: Any = {
        "id": "settings.variable-missing",
        "sentence": "The project needs the variable STRIPE_API_KEY, and it has no value.",
        "where": 'shop/settings.py:42 os.environ["STRIPE_API_KEY"]',
        "next": "dz env set PROJECT STRIPE_API_KEY asks for it; then deploy or push again.",
        "facts": {"variable": "STRIPE_API_KEY"},
    }
    hands.end(hands.claim("build_and_deploy"), "failed", **told)
    page = shown(ada.get(failed))
    assert told["sentence"] in page and told["where"] in page and told["id"] in page
    assert "Nothing was live before" in page and "not started" in page
    assert told["sentence"] in shown(ada.get("/")), "what needs you is told in the list"
    empty = ada.post(f"{failed}/again", {"value": ""})
    assert empty.status_code == 422 and "STRIPE_API_KEY has no value yet." in shown(empty)
    again = ada.post(f"{failed}/again", {"value": "sk-2", "key": "k"})
    assert again.status_code == 302 and to(again) != failed
    project = Project.objects.get()
    assert opened(project, latest(project))["STRIPE_API_KEY"].reveal() == "sk-2"
    assert ada.post(f"{to(again)}/cancel").status_code == 302
    assert Job.objects.latest("pk").state == "cancelled"
    late = ada.post(f"{to(again)}/cancel")
    assert late.status_code == 409 and "has ended already" in shown(late)


def test_a_private_repository_gets_a_key_whose_private_half_is_never_shown(ada: Client, hands: Hands) -> None:
    from dz2.models import Job, Project

    answer = ada.post("/new", {"target": "git@git.example:ada/shop.git", "private": "on"})
    assert to(answer) == "/projects/shop/key" and not Job.objects.exists()
    page = ada.get(to(answer))
    project = Project.objects.get()
    assert project.deploy_key_public.startswith("ssh-ed25519 ") and project.deploy_key_public in shown(page)
    assert "PRIVATE KEY" not in page.content.decode() and b"PRIVATE KEY" not in bytes(project.deploy_key or b"")
    ada.post(to(answer))
    assert Project.objects.get().deploy_key_public == project.deploy_key_public
    assert ada.post("/projects/shop/check").status_code == 302


def test_a_variable_is_set_and_told_to_be_not_live_yet(ada: Client, hands: Hands) -> None:
    checked(ada, hands)
    ada.post("/projects/shop/deploy")
    hands.deploy()
    assert ada.post("/projects/shop/variables", {"name": "A B", "value": "x"}).status_code == 422
    assert ada.post("/projects/shop/variables", {"name": "GREETING", "value": "hello\r\nyou"}).status_code == 302
    page = shown(ada.get("/projects/shop/variables"))
    assert "GREETING" in page and "release 1 still runs" in page and "hello" not in page


def test_what_a_step_says_after_a_part_of_its_own_name_stays_in_its_fold(ada: Client, hands: Hands) -> None:
    checked(ada, hands)
    job = to(ada.post("/projects/shop/deploy"))
    claimed = hands.claim("build_and_deploy")
    from dz2.joblog import Writer

    title = claimed_title(claimed)
    with Writer(claimed) as log:
        for said in ("first", "of another attempt"):
            log.begin(title)
            log.end(title, 1.0, ok=True)
            log.note(said)
        log.begin("Another part")
    page = ada.get(job).content.decode().partition("<template")[0]
    assert re.findall(r'class="count">(\d+) line', page) == ["3", "3", "1"]


def claimed_title(claimed: Any) -> str:
    from dz2.models import JobStep

    return str(JobStep.objects.get(pk=claimed.step_id).title)


def test_log_lines_are_escaped_coloured_folded_searched_and_downloaded(ada: Client, hands: Hands) -> None:
    checked(ada, hands)
    job = to(ada.post("/projects/shop/deploy"))
    claimed = hands.claim("build_and_deploy")
    from dz2.joblog import Writer

    with Writer(claimed) as log:
        log.begin("Install dependencies")
        log.output(b"\x1b[31mred\x1b[0m <script>alert(1)</script>\n")
        log.end("Install dependencies", 1.25, ok=True)
        log.note("after the part")
    page = ada.get(job).content.decode()
    assert '<span class="ansi31">red</span> &lt;script&gt;alert(1)&lt;/script&gt;' in page
    assert page.partition("<template")[0].count('<details class="fold"') == 2 and "1.2\u00a0s" in page
    assert 'id="L4"' in page and "<script>alert" not in page
    assert 'href="#L4" tabindex="-1">' in page, "the Tab key passes no line"
    assert "1 line holds" in shown(ada.get(f"{job}?q=RED"))
    text = ada.get(f"{job}/log.txt").getvalue().decode()
    assert len(text.splitlines()) == 4 and "build_and_deploy after the part" in text


def test_who_follows_a_job_hears_of_it_from_zoomdb_itself(zoomdb: str) -> None:
    """Else each is woken once a second, as while zoomdb is away, and nobody sees why."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from dz2.panel.notices import conninfo

    with psycopg.connect(conninfo()) as listener:
        assert listener.info.dbname == conninfo_to_dict(zoomdb)["dbname"]


def test_a_stream_gives_every_line_once_from_where_it_was_left_and_ends_with_the_job(ada: Client, hands: Hands) -> None:
    from asgiref.sync import sync_to_async

    from dz2.panel.stream import events

    checked(ada, hands)
    job = int(to(ada.post("/projects/shop/deploy")).rpartition("/")[2])
    claimed = hands.claim("build_and_deploy")
    hands.write(claimed, "one", "two")

    async def follow() -> list[str]:
        seen: list[str] = []
        first = events(job, 0)
        async with asyncio.timeout(60):
            while not (seen and "event: lines" in seen[-1]):
                seen.append(await anext(first))
            await first.aclose()  # cut in mid-step
            await sync_to_async(hands.write)(claimed, "three")
            second = events(job, 2)
            said = [await anext(second) for _ in range(3)]
            await sync_to_async(hands.write)(claimed, "four")
            said.append(await anext(second))
            await sync_to_async(hands.end)(claimed, "failed", sentence="over", id="x")
            async for event in second:
                said.append(event)
        return [*seen, *said]

    whole = "".join(asyncio.run(follow()))
    assert re.findall(r'"seq": (\d+)', whole) == ["1", "2", "3", "4"]
    assert re.findall(r"^id: (\d+)$", whole, re.MULTILINE) == ["2", "3", "4"]
    assert re.search(r'event: end\ndata: \{"build_and_deploy": "failed"\}\n\n\Z', whole)
    answer = ada.get(f"/jobs/{job}/lines?after=3").json()
    assert [line["seq"] for line in answer["lines"]] == [4] and answer["ended"]
    assert ada.get("/jobs/99/stream").status_code == 404
