"""What people ask for, in one place for API and panel: each function is one act and checks what it is given.

Acts that take time become jobs through ``dz2.engine.accept``; nothing here does the work. What can't be done raises
UserError with its next act.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from dz import pushed
from dz.errors import UserError
from dz.names import ProjectName, Ref
from dz.tasklib import buildconfig
from dz.tasklib.build import giturl
from dz2 import configs, domains, engine, releases
from dz2.accounts import panel
from dz2.advancing import hold, known
from dz2.asker import user_of
from dz2.models import ConfigGuess, Job, JobState, Project
from dz2.storable import storable


def find_project(name: str) -> Project:
    """The project of that name. Raises ``project.not-found``, with the nearest name there is."""
    found = Project.objects.filter(name=storable(name), destroyed_at=None).first()
    if found is not None:
        return found
    names = list(Project.objects.filter(destroyed_at=None).values_list("name", flat=True))
    near = difflib.get_close_matches(name, names, n=1)
    raise UserError("project.not-found", name=name, hint=f" Did you mean {near[0]}?" if near else "")


def find_job(job_id: int) -> Job:
    """Raises ``job.not-found``."""
    found = Job.objects.select_related("project").filter(pk=job_id).first()
    if found is None:
        raise UserError("job.not-found", job=job_id)
    return found


def find_target(target: str) -> Project | None:
    """The project that a name or a repository's address means; None for an address not seen before."""
    target = _pushed_to(target)
    if is_name(target):
        return find_project(target)
    url = giturl.parse(target, file_urls=panel().file_urls)
    return _same(url).first()


def is_name(target: str) -> bool:
    """Whether a word is a project's name and not an address; no address is without a dot, slash or colon."""
    return not any(sign in target for sign in "./:@")


def pushed_at() -> str:
    """What the address of every project that is pushed to begins with."""
    return f"{panel().panel_url.rstrip('/')}/git/"


def _pushed_to(target: str) -> str:
    """The name, from the address that a project is pushed to; any other target as it is."""
    before = pushed_at()
    return target.removeprefix(before).removesuffix(".git") if target.startswith(before) else target


def project_of(target: str, *, name: str | None = None, ref: str = "", owner: Any = None) -> Project:
    """The project of a name or address; the first sight of an address makes it.

    With ``name`` the address may be a second project of the same repository. A project of its name whose own address
    could never be read is given this one. Raises UserError.
    """
    return _seen(target, name=name, ref=ref, owner=owner)[0]


def _seen(target: str, *, name: str | None, ref: str, owner: Any) -> tuple[Project, str]:
    """The project, and the address that it had until just now, if it was given this one; else ""."""
    target = _pushed_to(target)
    if is_name(target):
        found = find_project(target)
        if name not in (None, "", found.name):
            raise UserError("project.has-name", name=found.name, other=name, url=found.repo_url)
        return _with_ref(found, ref), ""
    url = giturl.parse(target, file_urls=panel().file_urls)
    wanted = checked_name(name) if name else None
    with transaction.atomic(), connection.cursor() as cursor:
        # Two first sights of one address at once are one project.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [url.text])
        return _found_or_made(url, wanted, ref, owner)


def _same(url: giturl.GitUrl) -> QuerySet[Project]:
    """The projects of an address, of its folder where it names one."""
    found = Project.objects.filter(repo_url=url.text, destroyed_at=None).order_by("pk")
    chosen = [row.pk for row in found if url.within and _lies_in(url.within, row)]
    return found.filter(pk__in=chosen) if url.within else found


def _lies_in(folder: str, project: Project) -> bool:
    return f"{buildconfig.parse(project.build_config).project_root}/".startswith(f"{folder}/")


def _found_or_made(url: giturl.GitUrl, wanted: ProjectName | None, ref: str, owner: Any) -> tuple[Project, str]:
    same = _same(url)
    found = (same.filter(name=wanted) if wanted else same).first()
    if found is not None:
        return _with_ref(found, ref, by_address=True), ""
    if blank := _blank(wanted or url.project_name(), owner):
        before = blank.repo_url
        blank.repo_url, blank.ref, blank.build_config, blank.confirmed = url.text, ref, "", []
        blank.save(update_fields=["repo_url", "ref", "build_config", "confirmed"])
        return _within(blank, url), before
    if wanted and (other := Project.objects.filter(name=wanted, destroyed_at=None).first()):
        raise UserError("project.name-taken", name=wanted, url=other.repo_url)
    made = create(url.text, wanted or url.project_name(), exact=wanted is not None, ref=ref, owner=owner)
    return _within(made, url), ""


def _within(made: Project, url: giturl.GitUrl) -> Project:
    if url.within:
        confirm(made, {"project_root": url.within})
        made.refresh_from_db()
    return made


def _blank(name: str, owner: Any) -> Project | None:
    """Their project of that name, if nothing is lost with its address, which was mistyped."""
    found = Project.objects.select_for_update().filter(name=name, destroyed_at=None, destroying_at=None)
    mine = found.filter(owner=owner).first()
    return mine if mine is not None and never_read(mine) else None


def never_read(project: Project, *, keyed: bool = False) -> bool:
    """Whether all that was done with it were checks, and none came as far as its code; never one that is pushed to, nor
    one that was given anything (a key is ``keyed``): its repository may only have to let us in yet."""
    others = project.jobs.exclude(kind="check_repo", state=JobState.FAILED)
    learned = ConfigGuess.objects.filter(project=project)
    checked = project.jobs.exists() and not is_pushed_to(project)
    given = (bool(project.deploy_key) and not keyed) or project.configs.exists() or project.hostnames.count() > 1
    return checked and not given and not others.exists() and not learned.exists()


def is_pushed_to(project: Project) -> bool:
    """Whether its repository is the platform's own."""
    folder = panel().push_folder
    return folder is not None and project.repo_url == pushed.address(folder, project.app_id)


def check(
    target: str,
    *,
    name: str | None = None,
    ref: str = "",
    idempotency_key: str | None = None,
    by: Any = None,
) -> Job:
    """Look into a repository and guess how it is built."""
    ref = _ref_of(target, ref)
    project, before = _seen(target, name=name, ref=ref, owner=user_of(by))
    pipeline = known(None)["check_repo"]
    params = _params(project, ref) | ({"instead_of": before} if before else {})
    return engine.accept(pipeline, project, params, by=by, idempotency_key=idempotency_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What a deploy brings beside its code: ``variables`` are added to the project's config and ``hostnames`` to its
    domains first. With ``rebuild`` also what was built before from the same inputs is built: its dependencies may have
    newer versions by now."""

    variables: Mapping[str, str] = field(default_factory=dict)
    hostnames: Iterable[str] = ()
    rebuild: bool = False


def deploy(
    target: str,
    beside: Beside = Beside(),
    *,
    name: str | None = None,
    ref: str = "",
    idempotency_key: str | None = None,
    by: Any = None,
) -> Job:
    """Build a project's repository and make it live."""
    ref = _ref_of(target, ref)
    project = project_of(target, name=name, ref=ref, owner=user_of(by))
    _refuse_destroyed(project)
    releases.refuse_resting(project)
    pipeline = known(None)["build_and_deploy"]
    params = _params(project, ref) | ({"rebuild": True} if beside.rebuild else {})
    with transaction.atomic():  # what is refused, for whatever it brings, leaves nothing of it
        if lacking := domains.bring(project, [domains.checked(name) for name in beside.hostnames]):
            params["domains"] = {"added": lacking}
        if beside.variables:
            configs.change(project, beside.variables, by=by)
        return engine.accept(pipeline, project, params, by=by, idempotency_key=idempotency_key)


def destroy(name: str, *, backup: bool = True, by: Any = None) -> Job:
    """Take a project away, with its site, database and files; a last backup stays unless refused. Asked for twice, it
    is one job."""
    project = find_project(name)
    key = f"destroy-{project.pk}-{project.jobs.filter(kind='destroy', state__in=_ended_badly()).count()}"
    pipeline = known(None)["destroy"]
    params = {} if backup else {"backup": False}
    return engine.accept(pipeline, project, params, by=by, idempotency_key=key)


def cancel(job_id: int) -> Job:
    """Stop a job before its switch. Raises ``job.too-late`` or ``job.ended``."""
    job = find_job(job_id)
    answer = engine.cancel(job.pk)
    if answer is engine.CancelAnswer.TOO_LATE:
        raise UserError("job.too-late", job=job.pk)
    if answer is engine.CancelAnswer.ENDED:
        job.refresh_from_db()
        raise UserError("job.ended", job=job.pk, state=job.state)
    return find_job(job_id)


def confirm(project: Project, values: Mapping[str, str]) -> None:
    """Keep what a person decided in the verification form: a build never changes these keys."""
    with transaction.atomic():
        hold(project)
        project.refresh_from_db()
        project.build_config = buildconfig.merge(buildconfig.parse(project.build_config), values).text()
        project.confirmed = sorted({*project.confirmed, *(buildconfig.KEY_OF_FIELD.get(key, key) for key in values)})
        project.save(update_fields=["build_config", "confirmed"])


def checked_ref(text: str) -> str:
    """'' or a Ref. Raises ``repo.bad-ref``."""
    return str(_checked(Ref, text, "repo.bad-ref")) if text else ""


def checked_name(text: str) -> ProjectName:
    """Raises ``project.bad-name``."""
    return ProjectName(_checked(ProjectName, text, "project.bad-name"))


def _checked(kind: type[Any], text: str, problem: str) -> str:
    try:
        return str(kind(text))
    except ValueError:
        shown = repr(text[:80])
        raise UserError(problem, name=shown, rule=kind.rule, ref=shown, url="URL") from None


def _params(project: Project, ref: str) -> dict[str, Any]:
    return {"ref": ref or project.ref}


def _ref_of(target: str, ref: str) -> str:
    """The ref that is asked for, else that of a browser's address of a branch."""
    target = _pushed_to(target)
    named = "" if ref or is_name(target) else giturl.parse(target, file_urls=panel().file_urls).ref
    return checked_ref(ref or named)


def _with_ref(project: Project, ref: str, *, by_address: bool = False) -> Project:
    """Until its first release a ref that is given is the project's from now on: where it had none, and where it was
    asked for by its address, so that a mistyped one does not stay. Else it holds for the one job."""
    wanted = ref if by_address else project.ref or ref
    if wanted != project.ref and not project.releases.exists():
        Project.objects.filter(pk=project.pk).update(ref=wanted)
        project.ref = wanted
    return project


def _refuse_destroyed(project: Project) -> None:
    going = project.jobs.filter(kind="destroy", state__in=[JobState.WAITING, JobState.RUNNING]).first()
    if going is not None:
        raise UserError("project.busy", name=project.name, job=going.pk)


def _ended_badly() -> list[str]:
    return [JobState.FAILED, JobState.ERRORED, JobState.CANCELLED]


def create(url: str, name: ProjectName, *, exact: bool, ref: str, owner: Any) -> Project:
    """A project: a row and its hostname. A name from an address is counted up until it is free."""
    for number in range(1, 1000):
        spelled = name if number == 1 else ProjectName(f"{name[: 39 - len(str(number))].rstrip('-')}-{number}")
        try:
            with transaction.atomic():
                project = Project.objects.create(name=spelled, repo_url=url, ref=ref, owner=owner)
                domains.give(project)
                return project
        except IntegrityError:
            if exact:
                break
    raise UserError("project.name-taken", name=name, url="another address")
