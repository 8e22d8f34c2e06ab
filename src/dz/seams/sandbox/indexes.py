"""The package indexes that the operator configured, in whatever way, as uv's own variables; npm's registry too.

Read from uv's, pip's and npm's environment and the configuration files of the last two. Their hosts are let through by
name, whatever their address is: a company's mirror has a private one.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# Where uv takes Pythons from, and whether it may at all.
PYTHON_SOURCES = (
    "UV_PYTHON_DOWNLOADS", "UV_PYTHON_DOWNLOADS_JSON_URL", "UV_PYTHON_INSTALL_MIRROR", "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES", "UV_OFFLINE", "UV_SYSTEM_CERTS", "UV_NATIVE_TLS",
)  # fmt: skip
DEFAULT = "https://pypi.org/simple"
NPM = "https://registry.npmjs.org/"
# An index may hand out files on another host; of the public ones that host is known.
FILES = {"pypi.org": ("files.pythonhosted.org",), "registry.npmjs.org": ("registry.yarnpkg.com",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """``default`` first; ``certificates``: a file with the operator's own authorities, or None."""

    default: str
    extra: tuple[str, ...]
    certificates: Path | None
    npm: str = NPM

    @property
    def hosts(self) -> frozenset[tuple[str, int]]:
        """Names and ports to let through."""
        found = set()
        for url in (self.default, *self.extra, self.npm):
            parts = urlsplit(url)
            if parts.hostname and parts.scheme in ("http", "https"):
                port = parts.port or {"http": 80, "https": 443}[parts.scheme]
                found |= {(name, port) for name in (parts.hostname, *FILES.get(parts.hostname, ()))}
        return frozenset(found)

    @property
    def without_tls(self) -> tuple[str, ...]:
        """Hosts, with their ports, that the operator asks in clear: pip wants to be told that this is meant."""
        urls = [urlsplit(url) for url in (self.default, *self.extra)]
        return tuple(one.netloc.rpartition("@")[2] for one in urls if one.scheme == "http")

    @property
    def protected(self) -> bool:
        """Whether an index has a name or password, which every build can then read: resolvers run inside."""
        return any("@" in urlsplit(url).netloc for url in (self.default, *self.extra, self.npm))

    @property
    def variables(self) -> dict[str, str]:
        """What uv is told; credentials in an index URL are the operator's and stay in the environment."""
        told = {"UV_DEFAULT_INDEX": self.default}
        if self.extra:
            told["UV_INDEX"] = " ".join(self.extra)
        if self.certificates:
            told["SSL_CERT_FILE"] = str(self.certificates)
        return told


def configured(environ: Mapping[str, str]) -> Indexes:
    """From an environment (pass ``os.environ``) and the configuration files that pip would read."""
    pip = _pip_settings(environ)
    default = _first(environ, "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL") or pip.get("index-url") or DEFAULT
    extra = _first(environ, "UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL") or pip.get("extra-index-url", "")
    certificates = _first(environ, "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE") or pip.get("cert", "")
    return Indexes(
        default=default.split("=", 1)[-1] if default[:8].isidentifier() else default,
        extra=tuple(url for url in extra.split() if url.startswith(("http://", "https://"))),
        certificates=Path(certificates) if certificates and Path(certificates).exists() else None,
        npm=_first(environ, "npm_config_registry", "NPM_CONFIG_REGISTRY") or _npm_settings(environ) or NPM,
    )


def _first(environ: Mapping[str, str], *names: str) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's [global] settings, the later file winning (as ``pip config debug`` lists them)."""
    home = Path(environ.get("HOME", "/nonexistent"))
    user = Path(environ.get("XDG_CONFIG_HOME", home / ".config"))
    files = [
        *(Path(folder) / "pip/pip.conf" for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        user / "pip/pip.conf",
        Path(sys.prefix) / "pip.conf",
        *([Path(environ["PIP_CONFIG_FILE"])] if environ.get("PIP_CONFIG_FILE") else []),
    ]
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file)
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue
        if parser.has_section("global"):
            found |= dict(parser.items("global"))
    return found


def _npm_settings(environ: Mapping[str, str]) -> str:
    """The registry of npm's own files, the user's before the machine's."""
    for file in (Path(environ.get("HOME", "/nonexistent")) / ".npmrc", Path("/etc/npmrc")):
        try:
            lines = [line.partition("=") for line in file.read_text().splitlines()]
        except (UnicodeDecodeError, OSError):
            continue
        for name, _, value in lines:
            if name.strip() == "registry":
                return value.strip()
    return ""


def of_this_host() -> Indexes:
    return configured(os.environ)


def python_sources() -> dict[str, str]:
    """What the operator told uv about downloads of Pythons."""
    certificates = of_this_host().certificates
    told = {name: os.environ[name] for name in PYTHON_SOURCES if os.environ.get(name)}
    return told | ({"SSL_CERT_FILE": str(certificates)} if certificates else {})
