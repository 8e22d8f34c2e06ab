"""Inside a box without a network: a loopback port that leads to the outbound proxy's socket, then the command.

``python forward.py SOCKET -- COMMAND ...``. Standard library, Python 3.8 syntax.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading

USER, PASSWORD = "box", "DZ_OUTBOUND_PASSWORD"  # the user, and the variable in which the password comes
NAMES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")


def variables(port: int, password: str) -> "dict[str, str]":
    """What programs are told about the proxy."""
    return dict.fromkeys(NAMES, f"http://{USER}:{password}@127.0.0.1:{port}")


def pipe(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            target.sendall(piece)
    except OSError:
        pass
    finally:
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def serve(listener: socket.socket, path: str) -> None:
    while True:
        client, _ = listener.accept()
        upstream = socket.socket(socket.AF_UNIX)
        try:
            upstream.connect(path)
        except OSError:
            client.close()
            continue
        for pair in ((client, upstream), (upstream, client)):
            threading.Thread(target=pipe, args=pair, daemon=True).start()


def main(argv: list[str]) -> int:
    path, command = argv[1], argv[3:]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    threading.Thread(target=serve, args=(listener, path), daemon=True).start()
    env = dict(os.environ)
    env.update(variables(listener.getsockname()[1], env.pop(PASSWORD)))
    return subprocess.call(command, env=env)


if __name__ == "__main__":
    code = main(sys.argv)
    sys.exit(code if code >= 0 else 128 - code)
