"""The web process: gunicorn on fd 3, or uvicorn for a project that has only an ASGI application.

The socket was bound and is listening already; what the repository says about its own server (``gunicorn.conf.py``,
``GUNICORN_CMD_ARGS``) is not used, and that is said. gunicorn's workers are forked from the loaded project.
TERM lets running requests finish, up to GRACE seconds.
"""

import inspect
import os
import signal
import socket
import sys
import traceback

from dz_guest import forking, spec, telling

FD = 3
GRACE = 30
THREADS = 4


def main():
    """Serve until TERM; the exit code of the server."""
    os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "GUNICORN_CMD_ARGS", "GUNICORN_FD"):
        if os.environ.pop(name, None) and name == "GUNICORN_CMD_ARGS":
            print("GUNICORN_CMD_ARGS is not used: DjangoZoom starts the server", flush=True)
    if os.path.exists("gunicorn.conf.py"):
        print("gunicorn.conf.py is not used: DjangoZoom starts the server", flush=True)
    if spec.get("asgi") and not spec.get("wsgi"):
        telling.nothing()  # the project is loaded in its loop, which may not be forked
        return _uvicorn()
    return _gunicorn()


def _gunicorn():
    import gunicorn
    from gunicorn.app.base import BaseApplication

    # Who started this ignores it, and gunicorn listens to it only once the project is loaded. Before, there is nothing
    # to finish. (uvicorn listens from the beginning, and raises it again at its end.)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    options = _gunicorn_options()
    if gunicorn.version_info < (20, 0):  # it has no fd:// yet, and takes the socket as systemd hands it
        del options["bind"]
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")

    class Site(BaseApplication):
        def load_config(self):
            for key, value in options.items():
                if key in self.cfg.settings:
                    self.cfg.set(key, value)

        def load(self):
            from dz_guest import applications

            if not options["preload_app"]:
                return applications.wsgi()
            before = forking.opened()
            try:
                loaded = applications.wsgi()
            except Exception:  # of a RuntimeError gunicorn would say no more than its words
                traceback.print_exc()
                sys.exit(1)
            forking.ready(before)
            return loaded

    return Site().run()


def _gunicorn_options():
    from dz_guest import accesslog

    return {
        "bind": ["fd://%d" % FD],
        "workers": int(spec.get("workers", 2)),
        "worker_class": "gthread",
        "threads": THREADS,
        "graceful_timeout": GRACE,
        "preload_app": forking.together(),
        "accesslog": "-",
        "access_log_format": accesslog.FORMAT,
        "logger_class": accesslog.Log,
        "errorlog": "-",
        "proc_name": "site",
        "control_socket_disable": True,
    }


def _uvicorn():
    import uvicorn

    options = {"timeout_graceful_shutdown": GRACE, "log_level": "info", "access_log": False, "workers": 1}
    known = inspect.signature(uvicorn.Config.__init__).parameters
    kept = {key: value for key, value in options.items() if key in known}
    if "factory" in known:
        config = uvicorn.Config("dz_guest.applications:asgi", factory=True, **kept)
    else:
        config = uvicorn.Config("dz_guest.asgi_made:application", **kept)
    listening = socket.socket(fileno=FD)
    count = int(spec.get("workers", 1))
    if count < 2:
        uvicorn.Server(config).run(sockets=[listening])
        return 0
    from uvicorn.supervisors import Multiprocess

    config.workers = count
    run = {"target": uvicorn.Server(config).run}  # newer ones make it themselves
    taken = inspect.signature(Multiprocess.__init__).parameters
    Multiprocess(config, sockets=[listening], **{key: run[key] for key in run if key in taken}).run()
    return 0
