"""zoomdb's tables. Constraints make a wrong state impossible; ``dz2.engine`` alone changes jobs and steps."""

from dz2.models.accounts import OneTimeLink, SignInTries
from dz2.models.data import Backup, BackupState, ShippedLog, SiteLog, SiteLogHead
from dz2.models.hosting import (
    AppServer,
    AppServerDeployment,
    DatabaseServer,
    DeploymentState,
    Host,
    ProjectDatabase,
    ProjectRedis,
    VirtualHostname,
)
from dz2.models.jobs import ConfigGuess, Job, JobLog, JobState, JobStep, LogKind, StepState
from dz2.models.projects import Bundle, Config, Layer, Project, Release, ReleaseState, ShownValue

__all__ = [
    "AppServer",
    "AppServerDeployment",
    "Backup",
    "BackupState",
    "Bundle",
    "Config",
    "ConfigGuess",
    "DatabaseServer",
    "DeploymentState",
    "Host",
    "Job",
    "JobLog",
    "JobState",
    "JobStep",
    "Layer",
    "LogKind",
    "OneTimeLink",
    "Project",
    "ProjectDatabase",
    "ProjectRedis",
    "Release",
    "ReleaseState",
    "ShippedLog",
    "ShownValue",
    "SignInTries",
    "SiteLog",
    "SiteLogHead",
    "StepState",
    "VirtualHostname",
]
