"""Forms that begin something: pressed twice they begin it once, and only a press begins it, never an address.

Each carries a key (the template tag ``once``), made when its page was.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from dz2.models import Job, JobState

View = Callable[..., HttpResponseBase]
Begun = TypeVar("Begun", Job, Job | None)  # None: there was nothing to begin


def pressed(request: HttpRequest, begin: Callable[[str | None], Begun]) -> Begun:
    """The job that ``begin`` makes of the form's key.

    When that one has ended already, nobody pressed twice: somebody came back to the page and means a new one.
    """
    job = begin(request.POST.get("key", "")[:100] or None)
    return begin(None) if job is not None and job.state in JobState.terminal() else job


def posted(page: str) -> Callable[[View], View]:
    """A view for POST alone; who comes by its address (led back to it by signing in) goes on to ``page``."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs) if request.method == "POST" else redirect(page, *args, **kwargs)

        return inner

    return decorate
