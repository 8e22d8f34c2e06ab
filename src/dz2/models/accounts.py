"""Links that work once: how administrators get in, of the platform and of a project, without a password made up by the
platform; and the count of wrong passwords."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from dz2.models.projects import Project


class OneTimeLink(models.Model):
    """Only the sha256 of its token is kept; ``dz2.accounts`` makes and consumes it."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)


class AdministratorLink(models.Model):
    """To a project's own admin; ``dz2.administrators`` makes and consumes it."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignInTries(models.Model):
    """Tries with one e-mail, or from one address, until the clock runs out; a row that nobody can push out."""

    key = models.CharField(max_length=64, unique=True)  # a sha256: who it was is no longer than that
    tries = models.IntegerField(default=0)
    until = models.DateTimeField()
