"""One service of the table, and how supervisord is told to start it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from dz.local import begin
from dz.local.bring import Runtime
from dz.local.layout import Layout
from dz.local.users import become, file, folder
from dz.seams.supervisor import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``user`` empty: whoever runs the platform. ``death_signal``: what it gets when supervisord dies."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(repr=False)  # holds secrets
    user: str = ""
    death_signal: str = "KILL"
    low_port: bool = False
    umask: int = 0o022
    grace: float = 10.0

    def program(self, layout: Layout, runtime: Runtime) -> Program:
        """Write how it starts (0600, its user's) and return what supervisord runs: no secret is in that."""
        own = folder(layout.folder(self.name), self.user, 0o700)
        spec = {"argv": self.argv, "env": self.env, "folder": str(own), "umask": self.umask}
        text = json.dumps(spec, indent=1, sort_keys=True)
        # The name carries the content: a changed service is another program, which supervisord starts anew.
        path = spec_path(layout, self.name, text)
        file(path, text, self.user)
        for old in layout.specs.glob(f"{self.name}.*.json"):
            if old != path:
                old.unlink()
        before = become(self.user, death_signal=self.death_signal, low_port=self.low_port)
        return Program(
            name=self.name,
            argv=(*before, *_begin(layout, runtime), str(path)),
            cwd=layout.home,
            log=layout.log(self.name),
            grace=self.grace,
        )


def spec_path(layout: Layout, name: str, text: str) -> Path:
    return layout.specs / f"{name}.{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"


def _begin(layout: Layout, runtime: Runtime) -> tuple[str, ...]:
    """``begin`` with an interpreter, and as a file, that every service's user can read."""
    script = layout.home / "begin.py"
    file(script, Path(begin.__file__).read_text(), "", 0o644)
    library = runtime.env.get("LD_LIBRARY_PATH")
    before = ("env", f"LD_LIBRARY_PATH={library}") if library else ()
    return (*before, str(runtime.python.resolve()), "-I", "-S", str(script))
