"""The NOTIFY channels of zoomdb. A message says that something changed, never what it is now."""

from __future__ import annotations

from django.db import connection

RING = "dz_ring"  # a step became ready: the dispatcher looks
RECONCILE = "dz_reconcile"  # payload: an appserver on which something is to begin or to go that no step will see to
REROUTE = "dz_reroute"  # a live deployment listens elsewhere, and no step will tell the proxy
JOB = "dz_job"  # payload: id of a job whose state, step or title changed
JOBLOG = "dz_joblog"  # payload: id of a job that has new log lines


def notify(channel: str, payload: object = "") -> None:
    """Sent when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, str(payload)])
