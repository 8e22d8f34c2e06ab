"""Logging: the project's own handlers stay, errors of requests always reach the site's log.

With DEBUG off Django shows no traceback anywhere but by mail, and none at all of a page for errors that fails itself.
Handlers that cannot work here (a file in a folder that cannot be written, a syslog that is not there) become the
console instead of stopping the site.
"""

import copy
import os
import sys

CONSOLE, CAUGHT = "dz_console", "dz_caught"


class Caught(object):
    """A filter that leaves all through; where Django tells of a 500 without its exception, that is added."""

    def __init__(self):
        from django.core.signals import got_request_exception

        got_request_exception.connect(self.remember, weak=False)

    @staticmethod
    def remember(sender, request=None, **more):
        if request is not None and sys.exc_info()[0] is not None:
            setattr(request, CAUGHT, sys.exc_info())

    @staticmethod
    def filter(record):
        caught = getattr(getattr(record, "request", None), "__dict__", {}).pop(CAUGHT, None)
        record.exc_info = record.exc_info or caught
        return True


def logging(values):
    """``LOGGING`` with a console; nothing where the project sets logging up by itself (``LOGGING_CONFIG = None``)."""
    if values.get("LOGGING_CONFIG", "") is None:
        return {}
    config = copy.copy(values.get("LOGGING") or {"version": 1})
    config["disable_existing_loggers"] = False
    handlers = {name: _working(handler) for name, handler in (config.get("handlers") or {}).items()}
    handlers[CONSOLE] = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": CONSOLE}
    config["handlers"] = handlers
    line = {"format": "%(levelname)s %(name)s: %(message)s"}
    config["filters"] = dict(config.get("filters") or {}, **{CAUGHT: {"()": __name__ + "." + Caught.__name__}})
    config["formatters"] = dict(config.get("formatters") or {}, **{CONSOLE: line})
    loggers = {name: dict(logger) for name, logger in (config.get("loggers") or {}).items()}
    root = dict(loggers.pop("", None) or config.get("root") or {})
    if not root.get("handlers"):
        root.update(handlers=[CONSOLE], level=root.get("level", "INFO"))
    config["root"] = root
    shown = _shown("django.request", loggers, root, handlers)
    request = loggers.setdefault("django.request", {})
    request["filters"] = list(request.get("filters") or []) + [CAUGHT]
    if not shown:
        request["handlers"] = list(request.get("handlers") or []) + [CONSOLE]
    config["loggers"] = loggers
    return {"LOGGING": config}


def _shown(name, loggers, root, handlers):
    """Whether an error logged there reaches a stream, following the loggers upward as logging does."""
    while True:
        logger = loggers.get(name, {}) if name else root
        if any(_is_console(handlers.get(one, {})) for one in logger.get("handlers") or []):
            return True
        if not name or not logger.get("propagate", True):
            return False
        name = name.rpartition(".")[0]


def _is_console(handler):
    return "StreamHandler" in str(handler.get("class")) and not any("debug" in f for f in handler.get("filters") or [])


def _working(handler):
    name, address = handler.get("filename"), handler.get("address")
    if name is not None and not _writable(str(name)):
        return _as_console(handler)
    if "SysLogHandler" in str(handler.get("class")) and not (isinstance(address, str) and os.path.exists(address)):
        return _as_console(handler)
    return handler


def _as_console(handler):
    kept = {key: handler[key] for key in ("level", "formatter", "filters") if key in handler}
    return dict(kept, **{"class": "logging.StreamHandler", "stream": "ext://sys.stdout"})


def _writable(name):
    try:
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        with open(name, "a"):
            return True
    except OSError:
        return False
