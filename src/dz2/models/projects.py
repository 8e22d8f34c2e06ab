"""Projects and what is built from them: configs, layers, bundles, releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from dz.names import AppId

if TYPE_CHECKING:
    from dz2.models.hosting import VirtualHostname


class Project(models.Model):
    """One user's Django site. A destroyed one keeps its row, so that its jobs keep their history."""

    name = models.CharField(max_length=40)
    repo_url = models.CharField(max_length=500)
    ref = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200, blank=True)  # as its own code calls it
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    destroying_at = models.DateTimeField(null=True)  # from then on it is wanted nowhere, and only destroy may change it
    destroyed_at = models.DateTimeField(null=True)
    deactivated_at = models.DateTimeField(null=True)  # nothing of it runs; its data, releases and variables stay
    formation = models.JSONField(default=dict)  # process → how many; what is not in it runs once
    # The verified zoombuild.cfg, and which of its keys a person confirmed: a build never changes those.
    build_config = models.TextField(blank=True)
    confirmed = models.JSONField(default=list)
    left_unset = models.JSONField(default=list)  # variables that it reads and, as a person decided, does without
    deploy_key = models.BinaryField(null=True)  # encrypted OpenSSH private key
    deploy_key_public = models.TextField(blank=True)
    secret_key = models.BinaryField(null=True)  # dz2.vault: Django's SECRET_KEY for a project without one, made once

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(destroyed_at=None), name="project_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def app_id(self) -> AppId:
        return AppId.of(self.pk)

    def running_release(self) -> Release | None:
        """What visitors meet; None while it rests, whatever is live."""
        return self.live_release() if self.deactivated_at is None else None

    def given_hostname(self) -> VirtualHostname | None:
        """The one that its name gave it, which is its first; the others are domains of its owner's."""
        return self.hostnames.order_by("pk").first()

    def live_release(self) -> Release | None:
        """At most one; of a project that rests, the one that a visitor would meet again."""
        return self.releases.select_related("bundle", "config").filter(state=ReleaseState.LIVE).first()


class Config(models.Model):
    """The environment variables of a project at one version: a whole, encrypted snapshot."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="configs")
    version = models.PositiveIntegerField()
    names = models.JSONField(default=list)  # shown without decrypting
    variables = models.BinaryField()  # dz2.vault: encrypted JSON, bound to the project
    created_at = models.DateTimeField(auto_now_add=True)
    who = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "version"], name="config_version_once")]


class ShownValue(models.Model):
    """A value of a variable left the vault for somebody's eyes."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="shown_values")
    name = models.CharField(max_length=128)
    who = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)


class Layer(models.Model):
    """A content-addressed part of bundles. ``key`` hashes the inputs it is made from, ``digest`` its bytes."""

    kind = models.CharField(max_length=10)  # env, app, static
    key = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()
    platform = models.CharField(max_length=100)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="layers")
    built_on = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    uploaded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind", "key"], name="layer_key_once")]


class Bundle(models.Model):
    """One built version of a project: immutable, its layers and its manifest."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="bundles")
    commit = models.CharField(max_length=64)
    platform = models.CharField(max_length=100)
    layers = models.ManyToManyField(Layer, related_name="bundles")
    manifest = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)


class ReleaseState(models.TextChoices):
    BUILDING = "building"
    FAILED = "failed"
    LIVE = "live"
    RETIRED = "retired"


class Release(models.Model):
    """Bundle + config + number, append-only."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ReleaseState, default=ReleaseState.BUILDING)
    job = models.ForeignKey("Job", null=True, on_delete=models.SET_NULL, related_name="releases")
    bundle = models.ForeignKey(Bundle, null=True, on_delete=models.PROTECT, related_name="releases")
    config = models.ForeignKey(Config, null=True, on_delete=models.PROTECT, related_name="releases")
    commit = models.CharField(max_length=64)
    subject = models.CharField(max_length=200, blank=True)
    branch = models.CharField(max_length=200, blank=True)
    build_config = models.TextField(blank=True)
    database = models.CharField(max_length=63, blank=True)  # a restored one, which is the project's once this is live
    who = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    live_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="release_number_once"),
            models.UniqueConstraint(fields=["job"], name="release_per_job_once"),
            models.UniqueConstraint(fields=["project"], condition=Q(state="live"), name="live_release_once"),
        ]
