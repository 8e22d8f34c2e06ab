"""What nginx keeps on disk for visitors, bounded, whoever they are and however many. Pure.

nginx takes a whole body before it passes it on, and a whole answer off the site's hands, so that slow visitors hold no
process of a site. Both are files, and a stranger opens connections by the thousand. So only so many may be large:

- A body over 100 kB needs a place: of its address's, of the site's and of all. Who finds none is told 429 before
  anything is read. nginx knows no time within which a body has to be whole; the places are the bound.
- An answer may take ``_WHOLE`` if its request found a place, else ``_LITTLE`` beside what memory holds, which is more
  than a page: nobody is refused, a site only hands a large answer to a slow visitor at the visitor's pace then. What
  stays open by its nature (a WebSocket, a stream of events) asks for none.

At most that is 2 GB of bodies under 10 MB, 4 GB of larger ones, 8 GB of answers, and some 350 kB for each of the
connections that nginx takes: 3 GB.
"""

from __future__ import annotations

_WHOLE, _LITTLE = "256m", "256k"
# Of one address, of one site, of all. A browser sends forty photos at once where what stands before us speaks HTTP/2. A
# body whose length nobody told may be as large as the site allows.
_PLACES = {"medium": (64, 128, 200), "large": (16, 32, 40), "answer": (4, 16, 32)}
_OF = {"address": "$binary_remote_addr", "site": "$server_name", "all": "all"}
_MANY = (
    "<!doctype html><title>Many uploads at once</title><p>Too many files are being sent here right now. "
    "Try again in a moment."
)

_ASIDE, _TOO_MANY = 418, 429

# Of a shared memory. nginx goes on with the one that is there, unless its size is another: then all places are free.
_SIZES = ("1024k", "1028k")


def bounds(*, anew: bool) -> str:
    """In http. Each time that ``anew`` changes, the places that a killed worker had taken are free again."""
    return _BOUNDS + "".join(
        f'map $dz_takes $dz_{kind}_{of} {{ default ""; {kind} {key}; }}\n'
        f"limit_conn_zone $dz_{kind}_{of} zone=dz_{kind}_{of}:{_SIZES[anew]};\n"
        for kind in _PLACES
        for of, key in _OF.items()
    )


# An empty key is not counted.
_BOUNDS = """\
map $http_accept $dz_stream { default $http_upgrade; "~^text/event-stream" stream; }
map $dz_stream $dz_other { default stream; "" answer; }
map "$content_length$http_transfer_encoding" $dz_takes {
default large;
"" $dz_other;
"~^[0-9]{1,5}$" $dz_other;
"~^[0-9]{6,7}$" medium;
}
map $dz_takes $dz_aside { default 1; answer ""; }
limit_conn_log_level info;
client_body_timeout 30s;
"""


def _limits(*kinds: str) -> str:
    return "".join(
        f"limit_conn dz_{kind}_{of} {most};\n" for kind in kinds for of, most in zip(_OF, _PLACES[kind], strict=True)
    )


BODIES = f"""\
{_limits("medium", "large")}limit_conn_status {_TOO_MANY};
"""

# In a server, beside BODIES where a location has its own error_page.
MANY = f"""\
error_page {_TOO_MANY} @dz_many;
location @dz_many {{
default_type text/html;
add_header Retry-After 10 always;
add_header Cache-Control no-store always;
return {_TOO_MANY} "{_MANY}";
}}
"""


def bounded(upstream: str) -> str:
    """The two locations that lead to a site: ``/`` for a request that a place is asked for, ``@app`` for the others.
    Which of the two a site got is nothing that it sees."""
    return f"""\
location / {{
recursive_error_pages on;
error_page {_ASIDE} = @app;
error_page 502 504 @dz_down;
if ($dz_aside) {{ return {_ASIDE}; }}
{_limits("answer")}limit_conn_status {_ASIDE};
proxy_max_temp_file_size {_WHOLE};
proxy_pass http://{upstream};
}}
location @app {{
{BODIES}proxy_max_temp_file_size {_LITTLE};
proxy_pass http://{upstream}$request_uri;
}}
"""
