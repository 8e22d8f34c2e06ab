"""The door's part for commands that people run in a live release."""

from __future__ import annotations

from dz.log import Secret
from dz.names import AppId
from dz.tasklib import records
from dz2 import terminals
from dz2.door.hosts import Hosts
from dz2.door.placing import deployments
from dz2.models import DeploymentState, ReleaseState


class Commanding(Hosts):
    def live_here(self) -> records.Running | None:
        row = deployments(
            release__project=self._project_number,
            release__state=ReleaseState.LIVE,
            state=DeploymentState.HEALTHY,
            appserver__host__instance_id=self._host,
        ).first()
        return self.running(row.pk) if row else None

    def ticket(self) -> Secret:
        attempt = self._attempt()
        return Secret(terminals.ticket(AppId.of(self._project_number), attempt.step_id, attempt.attempt))
