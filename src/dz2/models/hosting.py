"""Hosts, what runs on them, and the names and databases that lead there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from dz.names import AppId
from dz.tasklib.records import redis_program
from dz2.models.projects import Project, Release


class Host(models.Model):
    """One worker host of the network, as its own heartbeats tell."""

    instance_id = models.CharField(max_length=40, unique=True)
    role = models.CharField(max_length=20)  # build, appserver, proxy, database
    platform = models.CharField(max_length=100, blank=True)
    sandbox = models.CharField(max_length=10, blank=True)  # the rung in force
    network = models.CharField(max_length=20, blank=True)  # closed or shared
    pid = models.IntegerField(null=True)
    load = models.FloatField(null=True)  # 1 minute, per core
    memory = models.FloatField(null=True)  # used share, 0 to 1
    disk = models.FloatField(null=True)  # used share, 0 to 1
    disk_free = models.BigIntegerField(null=True)  # bytes
    pythons = models.JSONField(default=list)  # versions found, "3.12.1"
    started_at = models.DateTimeField(null=True)
    last_heartbeat = models.DateTimeField(null=True)


class AppServer(models.Model):
    """What placement needs to know of an appserver beside its host's heartbeat."""

    host = models.OneToOneField(Host, on_delete=models.CASCADE, related_name="appserver")
    address = models.GenericIPAddressField()  # where the proxy reaches its deployments
    capacity = models.PositiveIntegerField(default=100)  # deployments at most


class DeploymentState(models.TextChoices):
    WANTED = "wanted"  # placed; the host starts it
    HEALTHY = "healthy"  # answered through its own Host header
    RETIRING = "retiring"  # no route leads there any more; it drains
    STOPPED = "stopped"  # nothing of it is left
    FAILED = "failed"  # its release failed; reconcile takes it away


class AppServerDeployment(models.Model):
    """A release running on an appserver at address:port."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="deployments")
    appserver = models.ForeignKey(AppServer, on_delete=models.PROTECT, related_name="deployments")
    process = models.CharField(max_length=40, default="web.1")
    address = models.GenericIPAddressField()
    port = models.PositiveIntegerField(null=True)  # of a web process
    state = models.CharField(max_length=10, choices=DeploymentState, default=DeploymentState.WANTED)
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True)
    # As its host last told, with its heartbeat.
    memory = models.BigIntegerField(null=True)  # bytes
    restarts = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=200, blank=True)  # how it ended last, or what it does, in words
    started_at = models.DateTimeField(null=True)  # the last time
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appserver", "port"], condition=~Q(state="stopped"), name="port_once_per_host"
            ),
            models.UniqueConstraint(fields=["release", "process"], name="process_once_per_release"),
        ]

    @property
    def program(self) -> str:
        """What its host's supervisor calls it."""
        return f"{AppId.of(self.release.project_id)}-{self.release.number}-{self.process}"


class VirtualHostname(models.Model):
    """One hostname that leads to a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="hostnames")
    hostname = models.CharField(max_length=253, unique=True)
    tls = models.BooleanField(default=False)


class DatabaseServer(models.Model):
    """A PostgreSQL server for projects' databases; its own worker holds the provisioner's password."""

    instance_id = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=255)  # a socket folder or an address, as appservers reach it
    port = models.PositiveIntegerField(default=5432)
    version = models.CharField(max_length=40, blank=True)


class ProjectDatabase(models.Model):
    """The one role and database of a project; the password is here before anything is created."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="database")
    server = models.ForeignKey(DatabaseServer, on_delete=models.PROTECT, related_name="databases")
    name = models.CharField(max_length=63)
    role = models.CharField(max_length=63)
    password = models.BinaryField()  # dz2.vault
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True)


class ProjectRedis(models.Model):
    """The one Redis of a project that asks for one. It outlives releases; its data is on its appserver."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="redis")
    appserver = models.ForeignKey(AppServer, null=True, on_delete=models.PROTECT, related_name="redises")
    port = models.PositiveIntegerField(null=True)  # both None until a release is started
    password = models.BinaryField()  # dz2.vault; here before anything is created
    wanted = models.BooleanField(default=False)  # whether the live release asks for it
    created_at = models.DateTimeField(auto_now_add=True)
    # As its host last told, with its heartbeat.
    memory = models.BigIntegerField(null=True)  # bytes
    restarts = models.PositiveIntegerField(default=0)
    detail = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appserver", "port"], name="redis_port_once_per_host")]

    @property
    def program(self) -> str:
        """What its host's supervisor calls it."""
        return redis_program(AppId.of(self.project_id))
