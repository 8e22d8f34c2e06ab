"""A .env file as it stands: many-line values stay whole, nothing is put in place of ``${NAME}``, and a line that is no
variable is refused, not passed over."""

from __future__ import annotations

from io import StringIO

from dotenv.parser import parse_stream

from dz.errors import UserError


def parse(text: str) -> dict[str, str]:
    """A later line wins; a name alone is empty. Raises ``project.bad-env-line``, which shows nothing of the line: that
    may be a secret."""
    found = {}
    for one in parse_stream(StringIO(text)):
        if one.error:
            raise UserError("project.bad-env-line", line=one.original.line)
        if one.key is not None:
            found[one.key] = one.value or ""
    return found
