"""The real door to zoomdb: ``dz.tasklib.zoomdb.Door`` on the ORM.

``of_step`` is one attempt's: each write first takes the job's lock and checks that the attempt still holds its step,
else LostLease. ``of_host`` is reconcile's: it has no job, so it has no project of its own either.
"""

from __future__ import annotations

from dz2.door.building import Building
from dz2.door.commanding import Commanding
from dz2.door.data import Data
from dz2.door.ownredis import OwnRedis
from dz2.door.placing import Placing
from dz2.engine import Claimed


class ZoomDb(Building, Placing, Commanding, Data, OwnRedis):
    """The whole door. Its parts are apart only because a file is one idea."""


def of_step(claimed: Claimed, *, host: str) -> ZoomDb:
    return ZoomDb(claimed, host)


def of_host(host: str) -> ZoomDb:
    return ZoomDb(None, host)
