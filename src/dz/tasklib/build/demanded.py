"""Which Python a project demands, by what it declares and by its Django, with the lines that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dz.errors import UserError
from dz.tasklib.build import downloading, interpreters
from dz.tasklib.build.interpreters import Chosen, Interpreter
from dz.tasklib.records import Basis, Guess
from dz.tasklib.zoomdb import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """``python``: a version or a range, ``django``: likewise; each "" where nothing says one."""

    python: str
    django: str
    by_python: Basis
    by_django: Basis

    def missing(self, found: Sequence[Interpreter]) -> str:
        """The series to bring, as ``downloading.missing`` says it."""
        return downloading.missing(found, declared=self.python, django=self.django)

    def choose(self, found: Sequence[Interpreter]) -> Chosen:
        """As ``interpreters.choose`` does; its error has the line that demands another Python."""
        try:
            return interpreters.choose(found, declared=self.python, django=self.django)
        except UserError as error:
            raise self.placed(error, self.by_django if self.django else self.by_python) from None

    def placed(self, error: UserError, basis: Basis | None = None) -> UserError:
        """An error that no Python fits, with the line that demands one; any other, and a package's, as it is."""
        where = _place(basis or self.by_python)
        if error.id != "python.none-fits" or error.where or error.facts.get("package") or not where:
            return error
        return UserError(error.id, where=where, **error.facts)


def of(door: Door, declared: str) -> Demand:
    """``declared``: the build config's word, which may be another one than what was guessed."""
    pythons = [one for one in door.guesses("python_version") if one.value == declared]
    djangos = door.guesses("django_version")
    return Demand(
        python=declared,
        django=djangos[0].value if djangos else "",
        by_python=_first(pythons),
        by_django=_first(djangos),
    )


def _first(guesses: Sequence[Guess]) -> Basis:
    return guesses[0].basis if guesses else Basis()


def _place(basis: Basis) -> str:
    """``file:line  the line``, "" where no file says it."""
    line = f":{basis.line}" if basis.line else ""
    return f"{basis.file}{line}  {basis.excerpt}".strip() if basis.file else ""
