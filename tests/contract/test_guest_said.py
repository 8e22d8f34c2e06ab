"""What a web process that is asked says of its project, which saves a probe of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.tasklib.build import verdict
from tests.guests import Site, everywhere
from tests.serving import ASSETS, SLOW, THREAD, WSGI, serving, site
from tests.waiting import until


@everywhere
def test_a_web_process_that_is_asked_says_what_a_probe_of_another_copy_finds(name: str, tmp_path: Path) -> None:
    wsgi, asgi = ("no_such_wsgi", "site_wsgi.application"), ("site_asgi.application",)
    probed, served = (asked(tmp_path / folder, name) for folder in ("probed", "served"))
    found = probed.probe(["site_settings"], wsgi=wsgi, asgi=asgi)
    served.spec |= {"wsgi": wsgi[1], "candidates": {"wsgi": wsgi, "asgi": asgi}}
    with serving(served) as running:
        said = verdict.said_result(what_it_says(served))
        assert running.get("/")[0] == 200
    assert said is not None, running.log.read_text()
    assert said.learned.static_inputs and said.learned.migrates
    assert (said.learned, said.chosen.settings) == (found.learned, "site_settings")
    assert (said.chosen.wsgi, said.chosen.asgi) == (found.chosen.wsgi, found.chosen.asgi)


def test_a_project_that_started_a_thread_says_it_too(tmp_path: Path) -> None:
    made = asked(tmp_path / "site", "newest")
    (made.code / "site_wsgi.py").write_text(f"{THREAD}{WSGI}")
    made.spec["wsgi"] = "site_wsgi.application"
    with serving(made) as running:
        assert verdict.said_result(what_it_says(made)) is not None, running.log.read_text()
        assert running.get("/")[0] == 200


@pytest.mark.parametrize(
    ("served", "urls"), [({"asgi": "site_asgi.application"}, SLOW), ({"wsgi": "site_wsgi.application"}, "no_such_name")]
)
def test_one_in_a_loop_or_with_urls_that_fail_says_that_it_cannot(
    served: dict[str, str], urls: str, tmp_path: Path
) -> None:
    made = asked(tmp_path / "site", "newest")
    (made.code / "site_urls.py").write_text(urls)
    made.spec |= served
    with serving(made):
        assert what_it_says(made) == "{}"


def asked(folder: Path, name: str) -> Site:
    """A site with a folder of static files beside its code, which is to say what it is."""
    folder.mkdir()
    made = site(folder, name)
    with (made.code / "site_settings.py").open("a") as settings:
        settings.write(ASSETS)
    (made.code / "assets").mkdir()
    (made.code / "assets/site.css").write_text("p { color: teal }")
    made.spec |= {"code": str(made.code), "tell": str(folder / "said.json"), "candidates": {}}
    return made


def what_it_says(made: Site) -> str:
    said = Path(made.spec["tell"])
    until(said.exists, what="it has said what it is")
    return said.read_text()
