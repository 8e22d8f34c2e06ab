"""What is done with the platform's own code and environment: the administrator's link, the broker's queues."""

from __future__ import annotations

from dz.errors import UserError
from dz.local import planning
from dz.local.layout import Layout
from dz.local.services import INSTANCES, Plan
from dz.run import check

LINK = "import django; django.setup(); from dz2 import links; print(links.make()[0])"


def running(layout: Layout) -> Plan:
    """The plan of the platform that runs. Raises UserError if it does not."""
    plan = planning.running(layout)
    if plan is None:
        raise UserError("local.not-up", home=layout.home)
    return plan


def admin_link(plan: Plan) -> str:
    """A one-time link that makes its visitor administrator."""
    return check([plan.shared.python, "-c", LINK], deadline=60, env=plan.panel_env()).text.strip()


def broker_setup(plan: Plan) -> list[str]:
    """Every queue declared; their names."""
    argv = (plan.shared.python, "-P", "-m", "dz.tasks.declare", INSTANCES["appserver"])
    return check(argv, deadline=60, env=plan.dispatcher_env()).text.split()
