"""Links that work once: how administrators get in without a password made up by the platform; and the count of wrong
passwords."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from dz2.models.projects import Project


class OneTimeLink(models.Model):
    """Only the sha256 of its token is kept; ``dz2.links`` makes and consumes it. ``project``: to whose own admin
    it leads, none for the platform itself."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="+")

    @property
    def over(self) -> bool:
        return self.used_at is not None or self.expires_at <= timezone.now()


class SignInTries(models.Model):
    """Tries with one e-mail, or from one address, until the clock runs out; a row that nobody can push out."""

    key = models.CharField(max_length=64, unique=True)  # a sha256: who it was is no longer than that
    tries = models.IntegerField(default=0)
    until = models.DateTimeField()
