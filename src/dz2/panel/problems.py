"""A UserError as a page or beside a field: the same words as everywhere, with the next act."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from dz.errors import UserError
from dz2.api.problems import STATUS

View = Callable[..., HttpResponseBase]


def told(view: View) -> View:
    """What the view raises as a UserError is a page."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except UserError as error:
            return render(request, "panel/problem.html", {"problem": error}, status=STATUS.get(error.id, 422))

    return inner


def beside(form: forms.Form, field: str | None, error: UserError) -> None:
    """The error beside its field; without one, in the summary."""
    form.add_error(field, f"{error.brief} {error.next}")
