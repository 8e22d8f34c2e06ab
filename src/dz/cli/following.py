"""Watching a job to its end.

Ctrl-C detaches: the job is the platform's. A second one within 3 s cancels it. A lost connection is no verdict: the job
is asked for again until it has ended, or for LOST seconds.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from dz.cli.client import Api, Unreachable
from dz.cli.ending import BY_STATE
from dz.cli.screen import Screen
from dz.cli.words import cut
from dz.errors import UserError
from dz.typed import typed
from dz.words import duration

WAIT = 10.0  # seconds that one question may take
TICK = 1.0  # the same where seconds are counted on a terminal
LOST = 300.0
SECOND = 3.0
SILENCE = 30.0

Document = dict[str, Any]


class Detached(Exception):
    """Ctrl-C: the job goes on. ``job`` is its last document."""

    def __init__(self, job: Document) -> None:
        self.job = job
        super().__init__(f"detached from job {job['job']}")


class Overtime(UserError):
    """--timeout passed. ``job`` is its last document."""

    def __init__(self, job: Document, seconds: float) -> None:
        self.job = job
        super().__init__("cli.timeout", job=job["job"], seconds=f"{seconds:g}")


def follow(
    api: Api, job: Document, screen: Screen, *, timeout: float | None = None, cancel_on_interrupt: bool = False
) -> Document:
    """The job's document once it has ended. Raises Detached, Overtime, Unreachable."""
    watch = _Watch(api, job, screen, timeout)
    try:
        return watch.to_its_end()
    except KeyboardInterrupt:
        if not cancel_on_interrupt:
            _detach(watch, screen)
        return _cancel(watch, screen)


def _detach(watch: _Watch, screen: Screen) -> None:
    """Returns after a second Ctrl-C within SECOND; raises Detached else."""
    number = watch.job["job"]
    try:
        ways = typed(f"Watch: dz job {number} -f · Cancel: dz job cancel {number}")
        screen.say(f"Detached; job {number} goes on. {ways}")
        time.sleep(SECOND)
    except KeyboardInterrupt:
        return
    raise Detached(watch.job)


def _cancel(watch: _Watch, screen: Screen) -> Document:
    screen.say(f"Cancelling job {watch.job['job']} ...")
    watch.api.post(f"/jobs/{watch.job['job']}/cancel")
    return watch.to_its_end()


class _Watch:
    """What was shown of one job, so that each event is shown once."""

    def __init__(self, api: Api, job: Document, screen: Screen, timeout: float | None) -> None:
        self.api = api
        self.job = job
        self.screen = screen
        self.timeout = timeout
        self.until = time.monotonic() + timeout if timeout else None
        self.shown: dict[str, str] = {}
        self.waits = ""
        self.last = time.monotonic()

    def to_its_end(self) -> Document:
        lost: float | None = None
        if self.job["state"] not in BY_STATE:
            self._show()  # a question may take WAIT where nothing changes
        while self.job["state"] not in BY_STATE or "seen" not in self.job:
            try:
                self.job = self._ask()
                lost = None
            except Unreachable:
                if lost is None:
                    lost = time.monotonic()
                    self.screen.say("Connection lost; the job goes on. Trying again ...")
                if time.monotonic() - lost > LOST:
                    raise
                time.sleep(0.5)
            else:
                self._show()
            if self.until is not None and time.monotonic() > self.until and self.job["state"] not in BY_STATE:
                raise Overtime(self.job, self.timeout or 0)
        return self.job

    def _ask(self) -> Document:
        wait = TICK if self.screen.live else WAIT
        if self.until is not None:
            wait = min(wait, max(self.until - time.monotonic(), 0))
        path = f"/jobs/{self.job['job']}"
        # Only a terminal shows the log's last line as it comes.
        lines = "true" if self.screen.live else "false"
        found: Document = self.api.get(path, seen=self.job.get("seen"), wait=f"{wait:.2f}", lines=lines)
        return found

    def _show(self) -> None:
        for step in self.job["steps"]:
            if step["state"] in ("succeeded", "failed", "errored", "cancelled") and self._is_new(step):
                if step["seconds"] is not None:  # what a cancelled job never began is not told
                    self._step(step)
            elif step["state"] == "running" and not self.screen.live and self._is_new(step):
                self._event("running", step["title"], step["host"] or "")
        self._show_waiting()
        running = next((step for step in self.job["steps"] if step["state"] == "running"), None)
        if running is not None and self.screen.live:
            self.screen.over(self._running(running))
        elif running is not None and time.monotonic() - self.last > SILENCE:
            self._event("running", running["title"], running["host"] or "", self._progress(running))

    def _is_new(self, step: Document) -> bool:
        state = str(step["state"])
        known = self.shown.get(step["name"])
        self.shown[step["name"]] = state
        return known != state

    def _show_waiting(self) -> None:
        waits = self.job["waits_for"] or ""
        if waits and waits.split(" for ")[0] != self.waits.split(" for ")[0]:
            text = f"waits for {waits}"
            if self.screen.live:
                self.screen.say(f" {self.screen.sign('waiting')} {text}")
            else:
                self._event("waiting", text)
        self.waits = waits

    def _step(self, step: Document) -> None:
        if self.screen.live:
            self.screen.say(step_line(self.screen, step))
        else:
            self._event(step["state"], step["title"], step["host"] or "", duration(step["seconds"]))

    def _running(self, step: Document) -> str:
        return cut(f"{step_line(self.screen, step, mark=False)}   {self._last_line(step)}", self.screen.width - 1)

    def _progress(self, step: Document) -> str:
        usual = f", usually {duration(step['usual'])}" if step["usual"] else ""
        return f"{duration(step['seconds'])}{usual}: {self._last_line(step)}"

    def _last_line(self, step: Document) -> str:
        """The log's, where that is the step's own: others may go on beside it."""
        if not self.job["lines"]:
            return ""
        try:
            page = self.api.get(f"/jobs/{self.job['job']}/log", after=self.job["lines"] - 1, limit=1)
        except Unreachable:
            return ""
        return next((str(line["text"]) for line in page["lines"] if line["step"] == step["name"]), "")

    def _event(self, *words: str) -> None:
        self.last = time.monotonic()
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.screen.say("  ".join([f"{now} {words[0]:<9}", *(word for word in words[1:] if word)]))


def step_line(screen: Screen, step: Document, *, mark: bool = True) -> str:
    """`` ✓ Check out the code           build-1    1.2 s``; the host goes first where there is no room."""
    host = "" if screen.width < 60 else f"  {step['host'] or '':<10}"
    usual = f"   usually {duration(step['usual'])}" if step["usual"] and step["state"] == "running" else ""
    sign = screen.sign(step["state"]) if mark else ("●" if screen.unicode else "..")
    took = duration(step["seconds"]) if step["seconds"] is not None else ""
    return f" {sign} {cut(step['title'], 34):<34}{host}{took:>9}{usual}".rstrip()
