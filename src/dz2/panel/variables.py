"""A project's variables: what is set and what reads it; set, taken away, pasted as a whole .env, and shown one by one.

A change is saved as the next config and is not live until somebody says so. Values leave the vault for one page only,
when they are asked for, and the page tells everybody who saw which, and when.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dz import envfile
from dz.errors import UserError
from dz2 import configs, releases, services
from dz2.models import Project
from dz2.panel.pressing import posted, pressed
from dz2.panel.problems import beside, told

SHOWN = 20  # of the trail of who saw a value
PASTED = configs.LARGEST_SUM * 2  # characters; what is too much for an environment is told by its name


class One(forms.Form):
    name = forms.CharField(max_length=128, widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}))
    value = forms.CharField(
        max_length=configs.LONGEST,
        required=False,
        strip=False,
        help_text="Empty is a value too.",
        widget=forms.Textarea(attrs={"rows": 1, "spellcheck": "false", "autocomplete": "off"}),
    )


class Paste(forms.Form):
    """``missing``: what becomes of variables that are set and not in the text."""

    text = forms.CharField(
        max_length=PASTED,
        strip=False,
        label="Lines of a .env file",
        help_text="Nothing is saved before you have seen what it changes.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    missing = forms.ChoiceField(choices=[("keep", "keep"), ("remove", "remove")], required=False)

    def values(self) -> dict[str, str]:
        """Raises ``project.bad-env-line``."""
        return envfile.parse(self.cleaned_data["text"].replace("\r\n", "\n"))


@login_required
@require_http_methods(["GET", "POST"])
@told
def page(request: HttpRequest, name: str) -> HttpResponse:
    """All of them; a POST sets one."""
    project = services.find_project(name)
    form = One(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {form.cleaned_data["name"].strip(): form.cleaned_data["value"].replace("\r\n", "\n")}
        try:
            configs.change(project, values, by=request.user)
            return redirect("variables", name=name)
        except UserError as error:
            beside(form, "name", error)
    return _shown(request, project, form=form)


@login_required
@posted("variables")
@told
def unset(request: HttpRequest, name: str) -> HttpResponse:
    project = services.find_project(name)
    configs.change(project, {}, unset=[request.POST.get("name", "")[:128]], by=request.user)
    return redirect("variables", name=name)


@login_required
@posted("variables")
@told
def leave(request: HttpRequest, name: str) -> HttpResponse:
    """One that the code reads without a default is not asked for any more."""
    project, variable = services.find_project(name), request.POST.get("name", "")
    configs.leave_unset(project, [configs.checked(variable)])
    return redirect("variables", name=name)


@login_required
@posted("variables")
@told
def reveal(request: HttpRequest, name: str) -> HttpResponse:
    """One value, on a page that no browser keeps."""
    project, variable = services.find_project(name), request.POST.get("name", "")[:128]
    value = configs.reveal(project, variable, by=request.user)
    answer = _shown(request, project, revealed=variable, value=value)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@posted("variables")
@told
def paste(request: HttpRequest, name: str) -> HttpResponse:
    """First what the text would change, then, with ``save``, the change."""
    project, form = services.find_project(name), Paste(request.POST)
    if not form.is_valid():
        return _shown(request, project, pasted=form)
    try:
        change = configs.preview(project, form.values())
        if "save" not in request.POST:
            return _shown(request, project, pasted=form, change=change)
        gone = change.missing if form.cleaned_data["missing"] == "remove" else []
        configs.change(project, form.values(), unset=gone, by=request.user)
    except UserError as error:
        beside(form, "text", error)
        return _shown(request, project, pasted=form)
    return redirect("variables", name=name)


@login_required
@posted("variables")
@told
def deploy(request: HttpRequest, name: str) -> HttpResponse:
    """What is live with the variables as they are saved: no build."""
    project, why = services.find_project(name), "Variables changed"
    job = pressed(request, lambda key: releases.reconfigure(project, why, idempotency_key=key, by=request.user))
    return redirect("job", job_id=job.pk)


def _shown(request: HttpRequest, project: Project, **more: Any) -> HttpResponse:
    config, running = configs.latest(project), project.running_release()
    form, pasted = more.pop("form", None) or One(), more.pop("pasted", None) or Paste()
    wrong = form if form.errors else pasted if pasted.errors else None
    context = {
        "project": project,
        "form": form,
        "paste": pasted,
        "wrong": wrong,
        "config": config,
        "running": running,
        "unlive": running is not None and config is not None and running.config_id != config.pk,
        "variables": configs.listed(project),
        "left_unset": project.left_unset,
        "shown_values": project.shown_values.order_by("-pk")[:SHOWN],
        "tab": "variables",
    }
    return render(request, "panel/variables.html", context | more, status=422 if wrong else 200)
