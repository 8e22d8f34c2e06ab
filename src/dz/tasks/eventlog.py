"""A job log for work that belongs to no job: reconcile's lines go to the worker's own events."""

from __future__ import annotations

from dz.log import get_logger

log = get_logger()


class EventLog:
    """``dz.tasklib.context.JobLog`` over structlog. What commands print is dropped."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._secrets: dict[str, str] = {}

    def note(self, text: str, *, level: str = "info") -> None:
        for secret, name in self._secrets.items():
            text = text.replace(secret, f"[{name}]")
        {"warning": log.warning, "error": log.error}.get(level, log.info)(f"{self._task}.note", text=text)

    def output(self, piece: bytes) -> None:
        pass

    def begin(self, part: str) -> None:
        self.note(part)

    def end(self, part: str, seconds: float, *, ok: bool) -> None:
        if not ok:
            self.note(f"{part}: failed", level="warning")

    def hide(self, name: str, secret: str) -> None:
        self._secrets[secret] = name

    def title(self, text: str) -> None:
        pass
