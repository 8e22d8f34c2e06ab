"""The floor of a request: the same gunicorn behind an nginx whose configuration is written by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """\
{user}
daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream site {{
        server {upstream};
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://site;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
}}
"""


@contextmanager
def proxy(binary: Path, folder: Path, port: int, upstream: str, user: str) -> Iterator[None]:
    """While it lasts nginx passes requests at ``port`` on to ``upstream``; ``user`` is its line for that, or empty."""
    folder.mkdir()
    (folder / "nginx.conf").write_text(CONFIG.format(port=port, upstream=upstream, user=user))
    words: list[str | Path] = [binary, "-e", "stderr", "-p", f"{folder}/", "-c", folder / "nginx.conf"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        running.terminate()
        running.wait(30)
