"""How a job moves on: which steps become ready, what a failure stops, how a job ends and which one follows it.

Everything here runs inside a transaction of ``dz2.engine`` or ``dz2.ringing`` that holds the job by ``lock``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from dz.errors import UserError, with_name
from dz.names import AppId
from dz.tasklib.pipeline import APPSERVER, DONE, WRONG, Pipeline, Results, Step
from dz2 import appservers, sitelog
from dz2.channels import JOB, RECONCILE, RING, notify
from dz2.models import (
    AppServerDeployment,
    Backup,
    BackupState,
    DeploymentState,
    Job,
    JobState,
    JobStep,
    Project,
    Release,
    ReleaseState,
    StepState,
    VirtualHostname,
)

Pipelines = Mapping[str, Pipeline]
DESTROYS = "destroy"  # the one kind of job that may change a project which goes
HANDED_ON = frozenset({"candidates", "said"})  # by one step to the next; a project says as much as it likes


def known(pipelines: Pipelines | None) -> Pipelines:
    """The kinds of jobs: those given, else all that there are."""
    if pipelines is not None:
        return pipelines
    from dz.tasklib.jobs import PIPELINES  # the whole work hangs on it; tests bring their own

    return PIPELINES


@cache
def alone() -> tuple[str, ...]:
    """The names of steps of which one runs at a time per queue."""
    return tuple({step.name for pipeline in known(None).values() for step in pipeline.steps if step.alone})


@cache
def by_themselves() -> tuple[str, ...]:
    """The names of steps that no worker goes on with from the step before: they wait for each other, or are run beside
    the worker."""
    steps = [step for pipeline in known(None).values() for step in pipeline.steps]
    return tuple({step.name for step in steps if step.alone or step.aside})


def hold(project: Project) -> Project:
    """Its row as it is, which nobody else changes until the transaction ends. Raises ``project.not-found`` for one that
    is destroyed by now: what is written to it would stay for ever."""
    held = _lock_project(project.pk)
    if held.destroyed_at is not None:
        raise UserError("project.not-found", name=project.name, hint="")
    return held


def _lock_project(project_id: int) -> Project:
    # no_key: rows that refer to the project are inserted by steps meanwhile, and must not wait for us nor we for them
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


def lock(job_id: int, app_id: AppId | None = None) -> Job:
    """The job, held with its project, which is looked up where the caller can't tell it, until the transaction ends."""
    project_id = app_id.number if app_id else Job.objects.values_list("project_id", flat=True).get(pk=job_id)
    if project_id is not None:
        _lock_project(project_id)
    return Job.objects.select_for_update(no_key=True).get(pk=job_id)


def advance(job: Job, pipelines: Pipelines) -> None:
    """Start what may start, end what can't go on, and end the job with its last step."""
    pipeline = pipelines[job.kind]
    states = states_of(job, pipeline)
    wrong = [s for s in pipeline.steps if states[s.name] in WRONG and not s.may_fail]
    if wrong:
        _stop_after(job, pipeline, wrong[0].name)
    else:
        while names := pipeline.ready_after(states):
            if _make_ready(job, [pipeline.step(name) for name in names]):
                return
            states = states_of(job, pipeline)  # all of them were skipped, and the next stage may start
    verdict = pipeline.verdict(states_of(job, pipeline))
    if verdict is not None:
        _finish(job, verdict, pipelines)


def start(job: Job, pipelines: Pipelines) -> None:
    """A waiting job runs, and its first steps are ready."""
    job.state = JobState.RUNNING
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, started_at=Now())
    advance(job, pipelines)


def states_of(job: Job, pipeline: Pipeline) -> dict[str, str]:
    """A step that a newer version knows and this job's rows do not counts as skipped."""
    known = dict.fromkeys((s.name for s in pipeline.steps), str(StepState.SKIPPED))
    return known | dict(JobStep.objects.filter(job=job).values_list("name", "state"))


def end_steps(job: Job, states: list[StepState], end: StepState, **only: Any) -> None:
    JobStep.objects.filter(job=job, state__in=states, **only).update(state=end, next_ring=None, finished_at=Now())


def is_busy(project_id: int | None) -> bool:
    """Whether a job that changes the project runs."""
    if project_id is None:
        return False
    return Job.objects.filter(project_id=project_id, changes=True, state=JobState.RUNNING).exists()


def _stop_after(job: Job, pipeline: Pipeline, name: str) -> None:
    """A step went wrong: what was to run beside it is cancelled, what was to follow is skipped."""
    beside = next([s.name for s in stage] for stage in pipeline.stages if name in [s.name for s in stage])
    end_steps(job, [StepState.WAITING, StepState.READY], StepState.CANCELLED, name__in=beside)
    end_steps(job, [StepState.WAITING], StepState.SKIPPED)


def _make_ready(job: Job, steps: Sequence[Step]) -> bool:
    """Whether one of them is ready now: a step that is needless, or on an appserver with nothing to do or nobody to do
    it, is skipped."""
    some = False
    for step in steps:
        queue = appservers.queue_for(job, step.on) if step.queue == APPSERVER else step.queue
        if queue is None or (step.needless is not None and step.needless(_results(job))):
            end_steps(job, [StepState.WAITING], StepState.SKIPPED, name=step.name)
            continue
        some = True
        JobStep.objects.filter(job=job, name=step.name).update(
            state=StepState.READY, queue=queue, ready_at=Now(), next_ring=Now(), rings=0
        )
    notify(RING)
    return some


def _results(job: Job) -> Results:
    return dict(JobStep.objects.filter(job=job, state__in=DONE).values_list("name", "result"))


def _finish(job: Job, verdict: str, pipelines: Pipelines) -> None:
    steps = list(JobStep.objects.filter(job=job))
    may_fail = {s.name for s in pipelines[job.kind].steps if s.may_fail}
    wrong = next((s for s in steps if s.state == verdict and s.name not in may_fail), None)
    job.state = JobState(verdict)
    job.error = _told(job, wrong) if wrong and wrong.error else None
    reported = {k: v for s in steps if s.state == StepState.SUCCEEDED for k, v in s.result.items()}
    job.result = {k: v for k, v in reported.items() if k not in HANDED_ON}
    job.save(update_fields=["state", "error", "result"])
    Job.objects.filter(pk=job.pk).update(finished_at=Now())
    if verdict != JobState.SUCCEEDED:
        _give_up_release(job)
        _give_up_backup(job)
        _give_up_domains(job)
    if job.changes and job.project_id is not None:
        _start_next(job.project_id, pipelines)


def _told(job: Job, wrong: JobStep) -> dict[str, Any]:
    """A step's error as its job's. The step did not know the project by name: its next act says PROJECT for it."""
    error = {**(wrong.error or {}), "step": wrong.name}
    if job.project is not None:
        error["next"] = with_name(error.get("next", ""), job.project.name)
    return error


def _give_up_release(job: Job) -> None:
    """Before the commit point a failure takes the release with it; its hosts' reconcile clears its deployments away, at
    once: until then its workers would take tasks, and the project's next scheduler wait for them."""
    released = Release.objects.filter(job=job, state=ReleaseState.BUILDING)
    stays = AppServerDeployment.objects.exclude(state=DeploymentState.STOPPED).filter(release__in=released)
    for host in set(stays.values_list("appserver__host__instance_id", flat=True)):
        notify(RECONCILE, host)
    for release in Release.objects.filter(pk__in=stays.values("release")):
        sitelog.mark(release, "was given up; no visitor met it")  # what it wrote stands among the lines of what is live
    stays.update(state=DeploymentState.FAILED)
    released.update(state=ReleaseState.FAILED)


def _give_up_backup(job: Job) -> None:
    """What a job had begun to store and not kept is no backup, however much of it is there."""
    sentence = (job.error or {}).get("sentence") or f"its job was {job.state}"
    begun = Backup.objects.filter(job=job, state=BackupState.RUNNING)
    begun.update(state=BackupState.FAILED, error=sentence[:500], finished_at=Now())


def _give_up_domains(job: Job) -> None:
    """What is live does not take a domain that the job was to bring, and still takes one that it was to let go. One
    that another job is to bring, or brought meanwhile, stays. Where nothing is live, the next deploy brings it."""
    project, change = job.project, job.job_params.get("domains")
    if project is None or not change or project.live_release() is None or job.releases.exclude(live_at=None).exists():
        return
    brought = Q(releases__live_at__isnull=False, finished_at__gte=job.created_at)
    others = project.jobs.filter(brought | ~Q(state__in=JobState.terminal())).exclude(pk=job.pk)
    project.hostnames.filter(hostname__in={*change.get("added", ())} - domains_of(others)).delete()
    for hostname in change.get("removed", ()):  # unless another project has it by now
        before = {"project": project, "tls": hostname in change.get("tls", ())}
        VirtualHostname.objects.get_or_create(hostname=hostname, defaults=before)


def domains_of(jobs: QuerySet[Job]) -> set[str]:
    """Those that the jobs are to bring."""
    changes = (params.get("domains", {}) for params in jobs.values_list("job_params", flat=True))
    return {name for change in changes for name in change.get("added", ())}


def _start_next(project_id: int, pipelines: Pipelines) -> None:
    """The project's next waiting job begins in the transaction that ends the one before; of a project that goes or is
    gone only a destroy, and the others end."""
    project = Project.objects.get(pk=project_id)
    waiting = Job.objects.filter(project=project, changes=True, state=JobState.WAITING).order_by("pk")
    if project.destroying_at is not None:
        too_late = waiting if project.destroyed_at is not None else waiting.exclude(kind=DESTROYS)
        for job in too_late:
            end_steps(job, [StepState.WAITING], StepState.CANCELLED)
            notify(JOB, job.pk)
        too_late.update(state=JobState.CANCELLED, finished_at=Now())
    if not is_busy(project_id) and (following := waiting.select_for_update(no_key=True).first()) is not None:
        start(following, pipelines)
        notify(JOB, following.pk)
