"""Inside a box without a network: a loopback port that leads to the outbound proxy's socket, then the command.

``python forward.py SOCKET -- COMMAND ...``. Standard library, Python 3.8 syntax.
"""

import asyncio
import contextlib
import functools
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


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            piece = await reader.read(65536)
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


HELD: "set[object]" = set()  # the relays that run; asyncio itself holds none whose client has said its last word


async def relay(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    HELD.add(asyncio.current_task())
    with contextlib.suppress(OSError):
        answers, upstream = await asyncio.open_unix_connection(path)
        await asyncio.gather(pipe(reader, upstream), pipe(answers, writer))
        upstream.close()
    writer.close()
    HELD.discard(asyncio.current_task())


def serve(listener: socket.socket, path: str) -> None:
    """One thread for all connections: a thread each would meet the box's own limits when uv asks for much at once."""

    async def forever() -> None:
        server = await asyncio.start_server(functools.partial(relay, path), sock=listener)
        async with server:
            await server.serve_forever()

    asyncio.run(forever())


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
    os._exit(code if code >= 0 else 128 - code)  # connections still open would be complained of while Python ends
