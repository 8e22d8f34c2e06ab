"""What a site writes and what is kept of its data: log lines and backups."""

from __future__ import annotations

from django.db import models

from dz2.models.jobs import Job
from dz2.models.projects import Project


class SiteLog(models.Model):
    """One line of a site, in the project's own order; the oldest go first (a cap per project)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="site_lines")
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    host = models.CharField(max_length=40)
    process = models.CharField(max_length=40)
    release = models.PositiveIntegerField(null=True)
    level = models.CharField(max_length=10, blank=True)
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="site_line_once")]


class SiteLogHead(models.Model):
    """The next number of a project's lines: held while lines are added, so that they appear in their order."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="site_log_head")
    next_seq = models.BigIntegerField(default=1)


class ShippedLog(models.Model):
    """How far a host has told a log file: advanced in the transaction that adds the lines, so none comes twice."""

    host = models.CharField(max_length=40)
    file = models.CharField(max_length=300)
    inode = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "file"], name="log_file_once")]


class BackupState(models.TextChoices):
    RUNNING = "running"
    GOOD = "good"  # whole, and in the store
    FAILED = "failed"
    OLD = "old"  # let go: its objects are cleared away, then its row


class Backup(models.Model):
    """A dump of a project's database, and its volume. Only a good one is ever offered."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="backups")
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="backup")
    number = models.PositiveIntegerField()
    why = models.CharField(max_length=40)  # asked, nightly, before a restore, final
    state = models.CharField(max_length=10, choices=BackupState, default=BackupState.RUNNING)
    release = models.PositiveIntegerField(null=True)  # the live one when it was made
    size = models.BigIntegerField(null=True)  # bytes in the store
    rows = models.JSONField(default=dict)  # table → rows, counted in the dump's own snapshot
    objects_in_store = models.JSONField(default=dict)  # database, volume → name, digest, size
    cleared = models.JSONField(default=list)  # of which of the two nothing is in the store any more
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)  # restored into a scratch database, rows equal
    error = models.CharField(max_length=500, blank=True)  # why it failed; of a good one, why its files were left out
    beside = models.CharField(max_length=63, blank=True)  # then: the database beside which those files lie

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="backup_number_once")]
