"""Who is signed in: their password, where else they are signed in, and what the command line goes by.

Password and sessions are Django's own; a session of ours also says since when, from where and with what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from dz2.accounts import panel
from dz2.panel.pressing import posted

SIGNED_IN = "signed_in"
BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari", "curl/": "curl"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iOS",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


class ChangePassword(PasswordChangeForm):
    error_messages = {
        "password_incorrect": "That is not your password of today.",
        "password_mismatch": "The two new passwords differ.",
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)  # the page is more than this form
        self.fields["new_password1"].help_text = "At least 10 characters. Your other sessions end by it."
        self.fields["new_password2"].help_text = ""
        self.fields["new_password2"].label = "The new one again"
        for name, what in {"old_password": "your password of today", "new_password1": "a new password"}.items():
            self.fields[name].error_messages["required"] = f"Give {what}."
        self.fields["new_password2"].error_messages["required"] = "Give the new password a second time."


class Account(PasswordChangeView):
    template_name = "panel/account.html"
    form_class = ChangePassword
    success_url = reverse_lazy("account")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        answer = super().form_valid(form)
        end_others(self.request)
        messages.success(self.request, "The password is changed. Your other sessions have ended.")
        return answer

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        mine = self.request.session.session_key
        shown = [_shown(row, row.session_key == mine) for row in sessions_of(self.request.user.pk)]
        shown.sort(key=lambda one: not one["mine"])
        settings = panel()
        ours = {"sessions": shown, "token_file": settings.token_file, "panel_url": settings.panel_url}
        return super().get_context_data(**ours, **context)


@login_required
@posted("account")
def end_sessions(request: HttpRequest) -> HttpResponse:
    count = end_others(request)
    messages.success(request, f"{count} other session{'s'[: count != 1]} ended.")
    return redirect("account")


def sign_in(request: HttpRequest, user: User) -> None:
    """Begin a session that can be told from the user's others."""
    login(request, user)
    request.session[SIGNED_IN] = {
        "at": timezone.now().isoformat(),
        "address": request.META.get("REMOTE_ADDR") or "",
        "agent": request.headers.get("User-Agent", "")[:300],
    }


def sessions_of(user_id: int | None) -> Iterator[Session]:
    """The sessions of a user that have not run out."""
    for row in Session.objects.filter(expire_date__gt=timezone.now()).order_by("-expire_date"):
        if row.get_decoded().get(SESSION_KEY) == str(user_id):
            yield row


def end_others(request: HttpRequest) -> int:
    """End the user's sessions but this one; how many there were."""
    others = [row.pk for row in sessions_of(request.user.pk) if row.pk != request.session.session_key]
    return Session.objects.filter(pk__in=others).delete()[0]


def _shown(row: Session, mine: bool) -> dict[str, Any]:
    known = row.get_decoded().get(SIGNED_IN, {})
    at, agent = parse_datetime(known.get("at", "")), known.get("agent", "")
    return {"at": at, "address": known.get("address", ""), "agent": agent, "browser": browser(agent), "mine": mine}


def browser(agent: str) -> str:
    """What a User-Agent header means, as far as it is one of the usual ones: "Firefox on Linux"."""
    found = [next((word for sign, word in words.items() if sign in agent), "") for words in (BROWSERS, SYSTEMS)]
    return " on ".join(word for word in found if word) or "unknown"
