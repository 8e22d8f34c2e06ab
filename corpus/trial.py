"""One project through the platform: checked, deployed with its owner's values, asked, signed in to, destroyed."""

from __future__ import annotations

import html
import re
import shutil
import time
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.platforms import Platform

from corpus.fields import compare
from corpus.signing import signed_in
from corpus.truth import Truth

ROOM = 5 * 1000**3  # bytes that must be free before a project is deployed
JOB = 1800.0  # seconds that a check or a deploy may take
HOPS = 6


def measured(platform: Platform, truth: Truth, *, deploy: bool) -> dict[str, Any]:
    """The row of one project, fit for JSON. What goes wrong is in the row."""
    row: dict[str, Any] = {
        "name": truth.name,
        "repo": truth.facts["repo"],
        "commit": truth.facts["commit"],
        "ref": truth.ref,
        "deployable": truth.facts["deployable"],
        "python": truth.facts["python"],
        "at": time.strftime("%Y-%m-%d"),
    }
    url = f"file://{truth.folder}"
    words = ("--ref", truth.ref, "--name", truth.slug, "--json", "--yes")
    checked = platform.dz("check", url, *words, deadline=JOB).json
    row["check"] = {"state": checked["state"], "seconds": checked["seconds"], "error": _error(checked)}
    if checked["state"] == "succeeded":
        asked = [one["name"] for one in checked["missing"]]
        row["fields"] = compare(truth.facts, checked["guesses"], asked)
    return row | (_deployed(platform, truth, url, words) if deploy else {})


def gone(platform: Platform, truth: Truth) -> None:
    """Nothing of it is left."""
    platform.dz("destroy", truth.slug, "--yes", "--no-backup", "--json", deadline=300)


def _deployed(platform: Platform, truth: Truth, url: str, words: tuple[str, ...]) -> dict[str, Any]:
    if shutil.disk_usage(platform.home).free < ROOM:
        return {"deploy": {"state": "not begun", "seconds": 0, "error": "less than 5 GB are free"}}
    values = [word for name, value in truth.values.items() for word in ("--env", f"{name}={value}")]
    began = time.monotonic()
    ran = platform.dz("deploy", url, *words, *values, deadline=JOB)
    job = ran.json
    took = round(time.monotonic() - began, 1)
    row: dict[str, Any] = {
        "deploy": {"state": job.get("state") or "refused", "seconds": took, "error": _error(job)},
        "given": sorted(truth.values),
    }
    if ran.code == 0:
        row["answer"] = answer = asked_at(platform, job["url"], truth.facts["probe_path"])
        row["logged"] = _logged(platform, truth.slug, answer["path"])
        row["signs_in"] = signed_in(platform, truth.slug, job["url"], answer["path"])
    return row


def asked_at(platform: Platform, site: str, path: str) -> dict[str, Any]:
    """What a visitor sees at the end of the redirects that begin there: status, path, title, bytes."""
    host, first = urlsplit(site).hostname or "", 0
    for _ in range(HOPS):
        status, body, headers = platform.ask(host, path)
        first = first or status
        there = urljoin(f"http://{host}:{platform.port}{path}", headers.get("Location", ""))
        if status not in (301, 302, 303, 307, 308) or urlsplit(there).hostname != host:
            break
        path = urlsplit(there)._replace(scheme="", netloc="", fragment="").geturl() or "/"
    title = re.search(r"<title[^>]*>(.*?)</title>", body, re.DOTALL | re.IGNORECASE)
    words = " ".join(html.unescape(title[1]).split())[:60] if title else ""
    return {"first": first, "status": status, "path": path, "title": words, "bytes": len(body)}


def _logged(platform: Platform, slug: str, path: str) -> bool:
    """Whether the site's own log has the request; lines travel from its host within seconds."""
    for _ in range(20):
        ran = platform.dz("logs", slug, "-n", "200")
        if f"GET {path.partition('?')[0]}" in ran.out:
            return True
        time.sleep(0.5)
    return False


def _error(job: dict[str, Any]) -> str:
    """The error's id, place and sentence, in one line."""
    words = [job.get("error_id"), job.get("where"), job.get("error")]
    return " · ".join(" ".join(str(word).split()) for word in words if word)[:300]
