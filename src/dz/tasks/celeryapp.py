"""The only Celery application. It carries and spreads the work; the steps' rows decide (docs/engine.md).

Not used, and why: ``task_reject_on_worker_lost`` loops for ever on a step that kills its worker, or drops it at a
delivery limit without a word: the lease counts deaths instead. ``worker_cancel_long_running_tasks_on_connection_loss``
kills every running build at a restart of the broker. Canvas and result back ends lose results with a killed member;
``countdown`` and ``eta`` hold messages in a worker's memory; revoking forgets at a restart: ``not_before``, results and
cancelling are columns.
"""

from __future__ import annotations

import os
from importlib import import_module

import django
from celery import Celery

from dz.tasklib.pipeline import HARD_LIMIT
from dz.tasks.queues import is_amqp, queues_of
from dz.unneeded import folder_alone, instead

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dz2.settings")
os.environ.setdefault("DZ_ROLE", "usercontrol")  # slim settings for whoever imports tasks
django.setup()

BROKER_URL = os.environ.get("DZ_BROKER_URL", "")
CONFIRM_LIMIT = 5
DAY = 24 * 3600

# Half of the client of Valkey is the other half once more, for asyncio, which nobody here uses: 1.2 MB in each process.
if BROKER_URL and not is_amqp(BROKER_URL):
    with instead({"redis.asyncio": folder_alone("redis.asyncio")}):
        import_module("redis")

app = Celery("dz", fixups=[], set_as_current=True)
app.conf.update(
    broker_url=BROKER_URL,
    task_queues=queues_of(os.environ.get("DZ_INSTANCE_ID", ""), BROKER_URL),
    task_create_missing_queues=False,
    # Acknowledged when done, one at a time: a busy worker holds no message that another could run.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_reject_on_worker_lost=False,
    task_time_limit=HARD_LIMIT,
    # Two missed beats, and RabbitMQ gives a frozen worker's message to another.
    broker_heartbeat=10,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Without confirms a publish that is lost says OK. On Valkey nothing may be delivered twice by a timer: the lease
    # tells when a step is somebody else's.
    broker_transport_options=(
        {"confirm_publish": True, "confirm_timeout": CONFIRM_LIMIT}
        if is_amqp(BROKER_URL)
        else {"visibility_timeout": DAY, "socket_timeout": 30, "socket_connect_timeout": 5}
    ),
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    accept_content=["json"],
    task_serializer="json",
    # Nobody may steer a worker but by its queue, and nobody counts its events.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    # A check must not wait behind a long build, nor a deploy behind a long dump or another project's long migration; a
    # proxy's changes are short.
    worker_concurrency=1 if os.environ.get("DZ_ROLE") == "proxy" else 2,
    worker_proc_alive_timeout=60,  # a child that imports on a busy machine needs more than 4 s
    worker_consumer="dz.tasks.consumer:Consumer",
    worker_autoscaler="dz.tasks.sharing:Resting",
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
app.conf.include = ["dz.tasks.steps", "dz.tasks.worker", "dz.tasks.sharing"]
