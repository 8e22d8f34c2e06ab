"""Who is let in: the one-time link that makes an administrator, sign-in and sign-out.

An e-mail is the user's name. Tries are counted in zoomdb, per e-mail and per address, before the password is looked at:
many at once are as few as one after another. The way around a lock-out is ``dz admin link`` on the server.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_htmx.http import HttpResponseClientRedirect

from dz2 import links
from dz2.models import SignInTries
from dz2.panel.account import sign_in

TRIES = 8  # with one e-mail
TRIES_FROM = 40  # from one address: behind it there may be an office
LOCKED = timedelta(minutes=5)


class Welcome(forms.Form):
    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        max_length=150, label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if get_user_model().objects.filter(username=email).exists():
            raise forms.ValidationError("There is an account with this e-mail already: sign in with it.")
        return email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password


class SignIn(AuthenticationForm):
    """Django's own, which takes as long for an unknown name as for a wrong password."""

    error_messages = {
        "invalid_login": "Wrong e-mail or password.",
        "inactive": "Wrong e-mail or password.",
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].label = "E-mail"
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})

    def clean(self) -> dict[str, Any]:
        email = str(self.cleaned_data.get("username", "")).strip().lower()
        self.cleaned_data["username"] = email
        address = str(self.request.META.get("REMOTE_ADDR") or "") if self.request is not None else ""
        if until := locked_until(email, address):
            raise forms.ValidationError(f"Too many tries; again at {until:%H:%M} UTC.")
        count_try(email, address)
        cleaned = super().clean()
        forget_try(email, address)
        return cleaned


class SignInView(LoginView):
    template_name = "panel/sign_in.html"
    authentication_form = SignIn
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if getattr(request, "htmx", False):  # the session ended under a live page: the page goes, not a part of it
            page = urlsplit(request.headers.get("HX-Current-URL", "/")).path
            return HttpResponseClientRedirect(f"{reverse('sign-in')}?{urlencode({'next': page})}")
        return super().dispatch(request, *args, **options)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        sign_in(self.request, form.get_user())
        return redirect(self.get_success_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        nobody = not get_user_model().objects.filter(is_staff=True).exists()
        return super().get_context_data(nobody=nobody, **context)


@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Three fields make the administrator and sign them in; the link works once."""
    link = links.find(token, to_project=False)
    if link is None or link.over:
        context = {"link": link, "command": "dz admin link"}
        return render(request, "panel/old_link.html", context, status=404 if link is None else 410)
    form = Welcome(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "panel/welcome.html", {"form": form}, status=422 if form.is_bound else 200)
    with transaction.atomic():
        values = form.cleaned_data
        user = get_user_model().objects.create_user(
            username=values["email"],
            email=values["email"],
            password=values["password"],
            first_name=values["name"],
            is_staff=True,
            is_superuser=True,
        )
        used = links.use(link)
        if not used:
            transaction.set_rollback(True)
    if not used:  # somebody was faster by the same link
        return redirect("welcome", token=token)
    sign_in(request, user)
    return redirect("projects")


def locked_until(email: str, address: str) -> datetime | None:
    """When the next try is looked at; None if that is now."""
    most = _limits(email, address)
    rows = SignInTries.objects.filter(key__in=most, until__gt=timezone.now())
    return max((row.until for row in rows if row.tries >= most[row.key]), default=None)


def count_try(email: str, address: str) -> None:
    """One more; the clock starts anew with each."""
    now = timezone.now()
    SignInTries.objects.filter(until__lte=now).delete()
    for key in sorted(_limits(email, address)):
        SignInTries.objects.get_or_create(key=key, defaults={"until": now + LOCKED})
        SignInTries.objects.filter(key=key).update(tries=F("tries") + 1, until=now + LOCKED)


def forget_try(email: str, address: str) -> None:
    """The password was right: the e-mail begins anew, and the address has tried one less."""
    SignInTries.objects.filter(key=_key("email", email)).delete()
    SignInTries.objects.filter(key=_key("address", address)).update(tries=F("tries") - 1)


def _limits(email: str, address: str) -> dict[str, int]:
    return {_key("email", email): TRIES, _key("address", address): TRIES_FROM}


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind} {value}".encode(errors="replace")).hexdigest()
