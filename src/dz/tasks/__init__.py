"""The work as Celery tasks: ``celery -A dz.tasks worker -Q build`` is a complete build host, given its environment."""

from dz.tasks.celeryapp import app

__all__ = ["app"]
