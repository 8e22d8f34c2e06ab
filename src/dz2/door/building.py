"""The door's part for checking and building: the project, its guesses, releases, bundles, secrets, database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import Now

from dz.errors import PlatformError, Transient
from dz.log import Secret
from dz.names import AppId, Commit, Digest
from dz.tasklib import records
from dz2 import configs, releases, vault
from dz2.door import values
from dz2.door.base import Base, kept_releases, secret_key_of
from dz2.models import (
    Bundle,
    ConfigGuess,
    DatabaseServer,
    Job,
    JobStep,
    Layer,
    Project,
    ProjectDatabase,
    Release,
    StepState,
)

LOOK_LASTS = timedelta(minutes=10)  # what a host can build may change


class Building(Base):
    def project(self) -> records.Project:
        return values.project(self._project())

    def save_guesses(self, guesses: Sequence[records.Guess], build_config: str, title: str) -> None:
        with self._fenced():
            self._replace_guesses(guesses, {})
            row = self._project()
            row.title = title[:200]
            if set(row.confirmed) <= {"project_root"}:  # the inspector keeps to that
                row.build_config = build_config
            row.save(update_fields=["title", "build_config"])

    def learn(self, build_config: str, guesses: Sequence[records.Guess]) -> None:
        with self._fenced():
            Release.objects.filter(job=self._job_number).update(build_config=build_config)
            self._replace_guesses(guesses, {"field__in": {guess.field for guess in guesses}})

    def guesses(self, field: str) -> tuple[records.Guess, ...]:
        found = ConfigGuess.objects.filter(project=self._project_number, field=field)
        last = found.filter(job__lte=self._job_number).order_by("-job").values("job")[:1]
        rows = found.filter(job=last).order_by("-is_primary", "-confidence", "pk")
        return tuple(values.guess(row) for row in rows)

    def looked_at(self, look: str) -> tuple[tuple[records.Guess, ...], tuple[str, ...]] | None:
        steps = JobStep.objects.filter(job__project=self._project_number, name="check_repo", state=StepState.SUCCEEDED)
        step = steps.filter(result__look=look, finished_at__gt=Now() - LOOK_LASTS).order_by("-job").first()
        if step is None:
            return None
        rows = ConfigGuess.objects.filter(job=step.job_id).order_by("pk")
        return tuple(values.guess(row) for row in rows), tuple(map(str, step.result["messages"]))

    def _replace_guesses(self, guesses: Sequence[records.Guess], which: Mapping[str, Any]) -> None:
        """This job's guesses; a second attempt writes the same again."""
        job, project = self._job_number, self._project_number
        ConfigGuess.objects.filter(job=job, **which).delete()
        ConfigGuess.objects.bulk_create(
            ConfigGuess(
                project_id=project,
                job_id=job,
                field=guess.field,
                value=guess.value,
                basis_file=guess.basis.file[:500],
                basis_line=guess.basis.line,
                basis_excerpt=guess.basis.excerpt,
                basis_why=guess.basis.why,
                confidence=guess.confidence,
                is_primary=guess.is_primary,
            )
            for guess in guesses
        )

    def open_release(
        self, *, commit: Commit, subject: str, branch: str, build_config: str, bundle: int | None = None
    ) -> records.Release:
        with self._fenced():
            if (row := self._own_release()) is None:
                made = {"commit": commit, "subject": subject[:200], "branch": branch[:200], "why": "Deploy"}
                built = {"build_config": build_config, "bundle_id": bundle}
                row = self._open(config=configs.latest(self._project_number), **made, **built)
            return values.release(row)

    def built_before(self, inputs: str) -> tuple[records.Release, records.Bundle] | None:
        found = Release.objects.select_related("config", "bundle").filter(bundle__manifest__inputs=inputs)
        found = found.filter(project=self._project_number).exclude(job=self._job_number)
        row = found.exclude(bundle__layers__uploaded_at=None).order_by("-number").first()
        return (values.release(row), values.bundle(row.bundle)) if row and row.bundle else None

    def variables_mark(self) -> str:
        config = configs.latest(self._project_number)
        return str(config.pk) if config else ""

    def release_again(self) -> records.Release:
        with self._fenced():
            if (row := self._own_release()) is None:
                params = self._attempt().params
                old = self._rollable(params.get("release"))
                taken = ("commit", "subject", "branch", "build_config", "bundle")
                config = old.config if params.get("with_config") else configs.latest(self._project_number)
                made = {field: getattr(old, field) for field in taken}
                row = self._open(config=config, why=str(params.get("why", ""))[:200], **made)
            return values.release(row)

    def _rollable(self, number: int | None) -> Release:
        """That release, or the live one for None. Looked at again: what is kept may have changed since it was asked."""
        project = self._project()
        return releases.live(project) if number is None else releases.rollable(project, number)

    def _open(self, **made: Any) -> Release:
        job = Job.objects.get(pk=self._job_number)
        project = self._project_number
        last = Release.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
        who = str(job.requested_by or job.job_params.get("who", ""))[:200]
        if "restore" in job.job_params:
            made["database"] = f"{AppId.of(project)}_r{last + 1}"
        return Release.objects.create(project_id=project, number=last + 1, job=job, who=who, **made)

    def release(self) -> records.Release:
        return values.release(self._release())

    def _release(self) -> Release:
        if (row := self._own_release()) is None:
            raise PlatformError("this job opened no release")
        return row

    def find_layer(self, kind: str, key: str) -> records.Layer | None:
        row = Layer.objects.filter(project=self._project_number, kind=kind, key=key, uploaded_at__isnull=False).first()
        return values.layer(row) if row else None

    def save_bundle(
        self, *, platform: str, layers: Sequence[records.Layer], manifest: Mapping[str, Any]
    ) -> records.Bundle:
        with self._fenced():
            release = self._release()
            rows = [self._layer(release.project, platform, one) for one in layers]
            same = Bundle.objects.filter(
                project=release.project, commit=release.commit, platform=platform, manifest=dict(manifest)
            )
            wanted = {row.pk for row in rows}
            found = next((b for b in same if set(b.layers.values_list("pk", flat=True)) == wanted), None)
            if found is None:
                found = Bundle.objects.create(
                    project=release.project, commit=release.commit, platform=platform, manifest=dict(manifest)
                )
                found.layers.set(rows)
            Release.objects.filter(pk=release.pk).update(bundle=found)
            return values.bundle(found)

    def _layer(self, project: Project, platform: str, layer: records.Layer) -> Layer:
        """Made from the same inputs twice, the bytes that are in the store stay the layer; made from others, the same
        bytes are there all the same."""
        known = Layer.objects.filter(project=project, kind=layer.kind, key=layer.key).first()
        if known is not None and known.uploaded_at is not None:
            return known
        stored = Layer.objects.filter(project=project, digest=layer.digest, uploaded_at__isnull=False).first()
        made = {"digest": layer.digest, "size": layer.size, "platform": platform, "built_on": self._host}
        made["uploaded_at"] = stored.uploaded_at if stored else None
        row, new = Layer.objects.get_or_create(project=project, kind=layer.kind, key=layer.key, defaults=made)
        if not new and row.uploaded_at is None:
            Layer.objects.filter(pk=row.pk).update(**made)
            row.refresh_from_db()
        return row

    def bundle(self) -> records.Bundle:
        row = self._release().bundle
        if row is None:
            raise PlatformError("this job's release has no bundle")
        return values.bundle(row)

    def layer_uploaded(self, digest: Digest) -> None:
        with self._fenced():
            Layer.objects.filter(project=self._project_number, digest=digest).update(uploaded_at=Now())

    def live_build(self) -> tuple[records.Release, records.Bundle] | None:
        live = self._project().live_release()
        return (values.release(live), values.bundle(live.bundle)) if live and live.bundle else None

    def was_live(self) -> bool:
        ours = self._release()
        earlier = Release.objects.select_related("config").filter(project=ours.project, live_at__isnull=False)
        earlier = earlier.exclude(pk=ours.pk)
        restored = earlier.exclude(database="").order_by("-live_at").values_list("live_at", flat=True).first()
        alike = earlier.filter(bundle=ours.bundle, **({"live_at__gt": restored} if restored else {}))
        variables = values.release(ours).environment
        return not ours.database and any(values.release(one).environment == variables for one in alike)

    def was_proved_so(self) -> bool:
        ours = self._release()
        first = Release.objects.select_related("config").filter(bundle=ours.bundle).order_by("number").first()
        return first is not None and values.release(first).environment == values.release(ours).environment

    def old_digests(self, stored: Set[Digest]) -> frozenset[Digest]:
        project = self._project_number
        needed = Layer.objects.filter(bundles__releases__in=kept_releases(project)).values_list("digest", flat=True)
        uploaded = Layer.objects.filter(project=project, uploaded_at__isnull=False).values_list("digest", flat=True)
        return frozenset(map(Digest, {*uploaded, *stored} - {*needed}))

    def layer_taken_back(self, digest: Digest) -> None:
        with self._fenced():
            Layer.objects.filter(project=self._project_number, digest=digest).update(uploaded_at=None)

    def is_uploaded(self, digest: Digest) -> bool:
        rows = Layer.objects.filter(project=self._project_number, digest=digest, uploaded_at__isnull=False)
        return rows.exists()

    def secret_key(self) -> Secret:
        return secret_key_of(self._project())

    def database(self) -> records.Database:
        with self._fenced():
            row = ProjectDatabase.objects.select_related("server").filter(project=self._project_number).first()
            if row is None:
                project = self._project()
                password = vault.seal(project.app_id, vault.Name.DATABASE_PASSWORD, secrets.token_urlsafe(24))
                names = {"name": project.app_id, "role": project.app_id}
                row = ProjectDatabase.objects.create(project=project, server=self._server(), password=password, **names)
            elif row.ready_at is None and row.server != (server := self._server(instead=row.server)):
                row.server = server
                row.save(update_fields=["server"])
            return values.database(row)

    def _server(self, instead: DatabaseServer | None = None) -> DatabaseServer:
        """This host's own, where it has one, else ``instead``, else the first that ever told of itself."""
        servers = DatabaseServer.objects.order_by("pk")
        server = servers.filter(instance_id=self._host).first() or instead or servers.first()
        if server is None:
            raise Transient("no database server has reported yet")
        return server

    def database_ready(self) -> None:
        with self._fenced():
            ProjectDatabase.objects.filter(project=self._project_number).update(ready_at=Now())
