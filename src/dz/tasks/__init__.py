"""The work as Celery tasks: ``celery -A dz.tasks worker -Q build`` is a complete build host, given its environment."""

from contextlib import nullcontext
from platform import libc_ver

from dz.unneeded import instead, uncollected

# billiard asks for the signal of a parent's death by cffi where that is installed: a parser of C, 1 MB in each process.
# Its other way is ctypes', by glibc's name.
with uncollected(), instead({"cffi": None}) if libc_ver()[0] else nullcontext():
    from dz.tasks.celeryapp import app

__all__ = ["app"]
