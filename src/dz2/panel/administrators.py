"""The page behind a one-time link: who opens it becomes an administrator of a project, with a password of their own.

It asks for what most user models need; what else the project's own needs it asks for when the project has said so.
Never for another password: what it asks for then becomes arguments of a command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from dz.errors import UserError
from dz2 import administrators, links, services
from dz2.api.documents import site_url
from dz2.models import OneTimeLink, Project
from dz2.panel.pressing import posted
from dz2.panel.problems import told

MORE = "more-"  # before the name of a field that the project asks for


class Administrator(forms.Form):
    """``more``: fields of the project's user model, by its own names."""

    username = forms.CharField(
        max_length=150, label="User name", widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    email = forms.EmailField(max_length=150, label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )

    def __init__(self, *args: Any, more: Iterable[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        for name in filter(_is_open, more):
            label = name.replace("_", " ").capitalize()
            wanted = {"required": f"{label}: the site's own user model wants it."}
            self.fields[f"{MORE}{name}"] = forms.CharField(max_length=500, label=label, error_messages=wanted)

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password

    def given(self) -> dict[str, str]:
        """All that is no password, by the user model's names."""
        return {name.removeprefix(MORE): text for name, text in self.cleaned_data.items() if _is_open(name)}


def _is_open(name: str) -> bool:
    return not administrators.is_secret(name)


@login_required
@posted("project")
@told
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """Who is signed in needs no command line for a link."""
    url, _ = administrators.link(services.find_project(name))
    return redirect(url)


@never_cache
@sensitive_post_parameters("password")
def page(request: HttpRequest, token: str) -> HttpResponse:
    link = links.find(token, to_project=True)
    if link is None or link.project is None or link.over:
        return _old(request, link)
    project = link.project
    more = [key.removeprefix(MORE) for key in request.POST if key.startswith(MORE)][: administrators.MOST]
    form = Administrator(request.POST or None, more=more)
    if request.method != "POST" or not form.is_valid():
        return _form(request, project, form)
    try:
        made = administrators.make(project, link, form.given(), form.cleaned_data["password"])
    except administrators.Wanted as wanted:
        again = Administrator(request.POST, more=[*more, *wanted.fields])
        return _form(request, project, again)  # what it asks for now is beside each field
    except UserError as error:
        form.add_error(None, error.brief)  # its next act is for who has a command line
        return _form(request, project, form)
    if made is None:  # somebody was faster by the same link
        return redirect("administrator", token=token)
    url = site_url(project)
    return render(
        request,
        "panel/administrator_made.html",
        {"project": project, "made": made, "url": url.rstrip("/") + made.path if made.path else ""},
    )


def _form(request: HttpRequest, project: Project, form: Administrator) -> HttpResponse:
    context = {"form": form, "project": project}
    return render(request, "panel/administrator.html", context, status=422 if form.is_bound else 200)


def _old(request: HttpRequest, link: OneTimeLink | None) -> HttpResponse:
    command = f"dz admin create {link.project.name if link and link.project else 'NAME'}"
    context = {"link": link, "command": command}
    return render(request, "panel/old_link.html", context, status=404 if link is None else 410)
