"""How a project's own code is started in the guest: alike for the trial of a build and for a site and its commands.

The project's own variables win over those that the platform fills in; nothing wins over the DZ_ ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dz.seams.sandbox import Box, Network
from dz.tasklib.buildconfig import BuildConfig
from dz.tasklib.filled import Known, broker, fill, mail, platform_variables
from dz.tasklib.records import Release


def public_url(scheme: str, port: int, hostname: str) -> str:
    """The address that a browser shows: with the port where it is not the scheme's own."""
    plain = (scheme, port) in (("http", 80), ("https", 443))
    return f"{scheme}://{hostname}" + ("" if plain else f":{port}")


def where_in_code(config: BuildConfig) -> dict[str, Any]:
    """Where in its code a project lies, as a bundle's manifest has it."""
    return {
        "project_root": config.project_root,
        "python_path": list(config.additional_python_path_dirs),
        "site_media_map": [list(pair) for pair in config.site_media_map],
    }


def spec_of(
    manifest: Mapping[str, Any],
    code: Path,
    *,
    static: Path,
    media: Path,
    hosts: Sequence[str],
    public: tuple[str, int],
    release: int,
) -> dict[str, Any]:
    """What the guest is told of every release, alike in its trial and where it runs. ``manifest`` has what
    ``where_in_code`` says, ``public`` are the proxy's scheme and port."""
    scheme, port = public
    return {
        "project_root": str(code / manifest["project_root"]),
        "code": str(code),
        "python_path": [str(code / folder) for folder in manifest.get("python_path", ())],
        "static_root": str(static),
        "media_root": str(media),
        "site_media_map": manifest.get("site_media_map", []),
        "hosts": list(hosts),
        "scheme": scheme,
        "port": port,
        "release": release,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a release's code lies and what it is told. ``spec``: the guest's own file; ``reads``: the variables that
    the code reads by name."""

    release: Release
    env_layer: Path
    guest: Path
    spec: Path
    root: Path
    home: Path
    reads: Iterable[str]
    known: Known

    def environment(self) -> dict[str, str]:
        own = {name: value.reveal() for name, value in self.release.environment.items()}
        # No uid of a project is in /etc/passwd: what asks who it is by looks here first.
        called = dict.fromkeys(("LOGNAME", "USER"), self.known.database.role)
        return {
            **called,
            **fill(self.reads, self.known),
            **(broker(self.known.redis, own) if self.known.redis else {}),
            **own,
            **platform_variables(self.known),
            **mail(self.reads, own),
            "DZ_GUEST_SPEC": str(self.spec),
            "DZ_RELEASE": str(self.release.number),
            "HOME": str(self.home),
            "PYTHONUNBUFFERED": "1",
        }

    def box(
        self,
        *command: str,
        read: tuple[Path, ...],
        writable: tuple[Path, ...],
        network: Network,
        kill_id: str = "",
        marker: str = "",
    ) -> Box:
        """``command``: the guest's (serve, probe, manage ...), whose answer follows ``marker``; ``read``: beside the
        interpreter and the guest."""
        answer = {"DZ_GUEST_MARKER": marker} if marker else {}
        return Box(
            argv=(str(self.env_layer / "bin/python"), str(self.guest / "main.py"), *command),
            app_id=self.release.app_id,
            cwd=self.root,
            read=(self.env_layer, self.guest, *read),
            writable=writable,
            env=self.environment() | answer,
            network=network,
            kill_id=kill_id,
        )
