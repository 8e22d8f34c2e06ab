"""What a variable is given that a release reads, as a line of the inspector's guesses and of a bundle's manifest.

``NAME``: what the platform knows by that name. ``NAME<OTHER``: what it knows by the other one, which is what it means.
``NAME=text``: the text, which may be none: a switch that is off, a folder. ``NAME@=text``: likewise, since a mail
server is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

_TEXT, _MAIL, _LIKE = "=", "@", "<"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One variable. ``like``: the known name that it means; ``text``: given whatever is known; ``is_mail``: it is of
    a mail server that is missing."""

    name: str = ""
    like: str = ""
    text: str | None = None
    is_mail: bool = False

    @classmethod
    def parse(cls, line: str) -> Given:
        name, sign, text = line.partition(_TEXT)
        if sign:
            return cls(name=name.removesuffix(_MAIL), text=text, is_mail=name.endswith(_MAIL))
        name, _, like = line.partition(_LIKE)
        return cls(name=name, like=like)

    def line(self) -> str:
        if self.text is None:
            return f"{self.name}{_LIKE}{self.like}" if self.like else self.name
        return f"{self.name}{_MAIL if self.is_mail else ''}{_TEXT}{self.text}"
