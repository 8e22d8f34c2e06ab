"""Who is let in: the one-time link that makes an administrator, sign-in and sign-out.

An e-mail is the user's name. Wrong passwords are counted per e-mail in this process's cache; the way around a lock-out
is ``dz admin link`` on the server.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_htmx.http import HttpResponseClientRedirect

from dz2.accounts import find_link, use_link

TRIES = 8
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
        if until := locked_until(email):
            raise forms.ValidationError(f"Too many tries; again at {until:%H:%M} UTC.")
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            count_try(email)
            raise
        cache.delete(_key(email))
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

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        nobody = not get_user_model().objects.filter(is_staff=True).exists()
        return super().get_context_data(nobody=nobody, **context)


@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Three fields make the administrator and sign them in; the link works once."""
    link = find_link(token)
    if link is None or link.used_at or link.expires_at <= timezone.now():
        return render(request, "panel/old_link.html", {"link": link}, status=404 if link is None else 410)
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
        used = use_link(token, user)
        if not used:
            transaction.set_rollback(True)
    if not used:  # somebody was faster by the same link
        return redirect("welcome", token=token)
    login(request, user)
    return redirect("projects")


def locked_until(email: str) -> datetime | None:
    tries, until = cache.get(_key(email), (0, None))
    return until if tries >= TRIES else None


def count_try(email: str) -> None:
    """One more wrong password; the clock starts anew with each."""
    tries, _ = cache.get(_key(email), (0, None))
    cache.set(_key(email), (tries + 1, timezone.now() + LOCKED), LOCKED.total_seconds())


def _key(email: str) -> str:
    return f"tries-{email.encode().hex()[:200]}"
