"""What the panel's process does once, when it starts."""

from __future__ import annotations

import logging

from django.apps import AppConfig


class PanelConfig(AppConfig):
    name = "dz2.panel"

    def ready(self) -> None:
        for name in ("django.request", "django.security.csrf"):
            logging.getLogger(name).addFilter(without_token)


def without_token(record: logging.LogRecord) -> bool:
    """Django logs the address of whatever it refuses; the token of a link that may still work is not told."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    token = match.kwargs.get("token") if match else None
    if token and isinstance(record.args, tuple):
        record.args = tuple(str(word).replace(token, "...") for word in record.args)
    return True
