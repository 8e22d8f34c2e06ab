"""Keeps this appserver's firewall at what its projects may reach, laid anew when a database server comes or moves."""

from __future__ import annotations

from dz.errors import DzError
from dz.log import get_logger
from dz.seams.sandbox import network
from dz.settings import WorkerSettings
from dz.tasklib.pipeline import APPSERVER
from dz2.door.ownredis import awake_on
from dz2.models import AppServerDeployment, DatabaseServer, DeploymentState

log = get_logger()


class Keeper:
    """``column`` at every heartbeat: what Host.network is to say."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._laid: frozenset[tuple[str, int]] | None = None
        self._network = ""

    def column(self) -> dict[str, str]:
        """Raises django.db's errors only; rules that can't be laid make the network shared, not the worker dead."""
        if self._settings.role != APPSERVER:
            return {}
        servers = [(one.address, one.port) for one in DatabaseServer.objects.all() if not one.address.startswith("/")]
        wanted = frozenset(network.addresses([*network.places(self._settings.sites_reach), *servers]))
        if wanted != self._laid:
            fence = self._lay(wanted)
            log.info("network.fence", network=fence.network, why=fence.why, allowed=len(wanted))
            self._laid, self._network = wanted, fence.network
        return {"network": self._network}

    def _lay(self, wanted: frozenset[tuple[str, int]]) -> network.Fence:
        """Once more where a step changed rows meanwhile: what it let through by itself, the table just loaded may have
        taken away again. Its row comes first, so it is seen afterwards."""
        while True:
            own, served = self._own(), self._served()
            fence = self._load(wanted, own, served)
            if fence.network != "closed" or (own, served) == (self._own(), self._served()):
                return fence

    def _own(self) -> list[tuple[int, int]]:
        """What came since is let through by the step that starts it; what rests has given its port back."""
        rows = awake_on(self._settings.instance_id).order_by("pk").values_list("project_id", "port")
        return [(self._settings.uid_base + project, port) for project, port in rows if port]

    def _served(self) -> list[network.Served]:
        """The same of where sites are served."""
        here = AppServerDeployment.objects.filter(appserver__host__instance_id=self._settings.instance_id)
        rows = here.exclude(state=DeploymentState.STOPPED).exclude(port=None).order_by("pk")
        told = rows.values_list("release__project_id", "address", "port")
        return [network.Served(self._settings.uid_base + project, str(at), port) for project, at, port in told if port]

    def _load(
        self, wanted: frozenset[tuple[str, int]], own: list[tuple[int, int]], served: list[network.Served]
    ) -> network.Fence:
        try:
            return network.ensure_rules(self._settings.uid_base, allowed=wanted, own=own, served=served)
        except (DzError, OSError) as error:
            return network.Fence("shared", str(error))
