"""Rows as the values of ``dz.tasklib.records``, with their secrets opened."""

from __future__ import annotations

from collections.abc import Iterable

from dz.names import AppId, Commit, Digest, HostName, InstanceId, ProjectName
from dz.tasklib import records
from dz2 import backups, domains, vault
from dz2.models import (
    AppServerDeployment,
    Backup,
    BackupState,
    Bundle,
    ConfigGuess,
    Layer,
    Project,
    ProjectDatabase,
    ProjectRedis,
    Release,
)


def project(row: Project) -> records.Project:
    return records.Project(
        app_id=row.app_id,
        name=ProjectName(row.name),
        repo_url=row.repo_url,
        ref=row.ref,
        build_config=row.build_config,
        confirmed=tuple(row.confirmed),
        left_unset=tuple(row.left_unset),
        deploy_key=vault.unseal(row.app_id, vault.Name.DEPLOY_KEY, row.deploy_key) if row.deploy_key else None,
    )


def guess(row: ConfigGuess) -> records.Guess:
    return records.Guess(
        field=row.field,
        value=row.value,
        basis=records.Basis(file=row.basis_file, line=row.basis_line, excerpt=row.basis_excerpt, why=row.basis_why),
        confidence=row.confidence,
        is_primary=row.is_primary,
    )


def layer(row: Layer) -> records.Layer:
    return records.Layer(kind=row.kind, key=row.key, digest=Digest(row.digest), size=row.size)


def bundle(row: Bundle) -> records.Bundle:
    return records.Bundle(
        id=row.pk,
        app_id=AppId.of(row.project_id),
        commit=Commit(row.commit),
        platform=row.platform,
        layers=tuple(layer(one) for one in row.layers.order_by("kind")),
        manifest=row.manifest,
    )


def release(row: Release) -> records.Release:
    app_id = AppId.of(row.project_id)
    return records.Release(
        app_id=app_id,
        number=row.number,
        state=row.state,
        commit=Commit(row.commit),
        build_config=row.build_config,
        bundle_id=row.bundle_id,
        subject=row.subject,
        why=row.why,
        environment=vault.unseal_variables(app_id, row.config.variables) if row.config else {},
    )


def deployment(row: AppServerDeployment) -> records.Deployment:
    """``row`` with its release and ``appserver__host`` selected."""
    return records.Deployment(
        id=row.pk,
        app_id=AppId.of(row.release.project_id),
        release=row.release.number,
        process=row.process,
        host=InstanceId(row.appserver.host.instance_id),
        address=row.address,
        port=row.port or 0,
        state=row.state,
    )


def deployments(rows: Iterable[AppServerDeployment]) -> tuple[records.Deployment, ...]:
    return tuple(deployment(row) for row in rows)


def database(row: ProjectDatabase) -> records.Database:
    return records.Database(
        server=InstanceId(row.server.instance_id),
        address=row.server.address,
        port=row.server.port,
        name=row.name,
        role=row.role,
        password=vault.unseal(AppId.of(row.project_id), vault.Name.DATABASE_PASSWORD, row.password),
    )


def redis(row: ProjectRedis) -> records.Redis:
    app_id = AppId.of(row.project_id)
    return records.Redis(
        app_id=app_id, port=row.port or 0, password=vault.unseal(app_id, vault.Name.REDIS_PASSWORD, row.password)
    )


def backup(row: Backup) -> records.Backup:
    return records.Backup(
        id=row.pk,
        app_id=AppId.of(row.project_id),
        number=row.number,
        why=row.why,
        rows=row.rows,
        objects={kind: records.Stored(**one) for kind, one in row.objects_in_store.items()},
        last=row.why == backups.FINAL,
        beside=row.beside,
        left_out=row.error if row.state in (BackupState.RUNNING, BackupState.GOOD) else "",
    )


def hostnames(row: Project) -> tuple[HostName, ...]:
    return tuple(HostName(name) for name in domains.listed(row).values_list("hostname", flat=True))
