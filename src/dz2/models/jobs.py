"""Jobs, their steps and logs, and the guesses that a check writes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from dz2.models.projects import Project


class JobState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the project's to mend
    ERRORED = "errored"  # ours
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @classmethod
    def terminal(cls) -> list[str]:
        return [cls.SUCCEEDED, cls.FAILED, cls.ERRORED, cls.CANCELLED, cls.SUPERSEDED]


class StepState(models.TextChoices):
    WAITING = "waiting"
    READY = "ready"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ERRORED = "errored"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Job(models.Model):
    """The user-visible unit of work."""

    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=40)
    changes = models.BooleanField(default=False)  # of the kinds of which one runs per project
    state = models.CharField(max_length=10, choices=JobState, default=JobState.WAITING)
    job_params = models.JSONField(default=dict)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    idempotency_key = models.CharField(max_length=100, null=True, unique=True)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # {"id", "sentence", "where", "next", "step"} of the first step that went wrong
    error = models.JSONField(null=True)
    result = models.JSONField(default=dict)  # what the last steps reported: url, release, ...
    next_seq = models.BigIntegerField(default=1)  # of JobLog

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(changes=True, state="running"),
                name="one_running_changing_job_per_project",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"]), models.Index(fields=["state"])]


class JobStep(models.Model):
    """One Celery task of a job; outbox, lease and result in one row (DESIGN 5)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    queue = models.CharField(max_length=60)  # build, database, proxy, appserver (until placed), appserver_<id>
    timeout = models.FloatField()  # seconds an attempt may take
    state = models.CharField(max_length=10, choices=StepState, default=StepState.WAITING)
    attempt = models.PositiveIntegerField(default=1)
    retries = models.PositiveSmallIntegerField(default=0)  # after Transient
    deaths = models.PositiveSmallIntegerField(default=0)  # expired leases
    ready_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    rings = models.PositiveSmallIntegerField(default=0)
    next_ring = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    host = models.CharField(max_length=40, blank=True)  # instance id of the worker that runs or ran it
    pid = models.IntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)
    error = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="step_name_once_per_job"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="running_step_has_a_lease"
            ),
        ]
        indexes = [
            models.Index(fields=["next_ring"], condition=Q(state="ready"), name="steps_to_ring"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="leases"),
        ]
        ordering = ["job", "position"]


class LogKind(models.TextChoices):
    LINE = "line"
    PART_BEGIN = "part_begin"
    PART_END = "part_end"
    NOTE = "note"  # of the platform, not of a command


class JobLog(models.Model):
    """One line of a job's log, numbered without gaps per job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log")
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    step = models.CharField(max_length=40, blank=True)
    level = models.CharField(max_length=10, default="info")
    kind = models.CharField(max_length=10, choices=LogKind, default=LogKind.LINE)
    part = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="log_seq_once_per_job")]
        ordering = ["job", "seq"]


class ConfigGuess(models.Model):
    """One guessed setting of a project, as one check found it; losers stay, for the form."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guesses")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="guesses")
    field = models.CharField(max_length=60)
    value = models.TextField(blank=True)
    basis_file = models.CharField(max_length=500, blank=True)
    basis_line = models.PositiveIntegerField(null=True)
    basis_excerpt = models.TextField(blank=True)
    basis_why = models.TextField(blank=True)
    confidence = models.FloatField()
    is_primary = models.BooleanField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(confidence__gte=0) & Q(confidence__lte=1), name="confidence_between_0_and_1"
            ),
            models.UniqueConstraint(
                fields=["job", "field"], condition=Q(is_primary=True), name="primary_guess_once_per_field"
            ),
        ]
        ordering = ["id"]

    @property
    def place(self) -> str:
        """Where it was found: ``shop/settings.py:42``, or the file alone."""
        return f"{self.basis_file}:{self.basis_line}" if self.basis_line else self.basis_file
