"""The only door from the work to zoomdb, as a Protocol; ``dz2.zoomdb`` is the real one.

A door belongs to one attempt at one step. Every write happens in a transaction that first checks that this attempt
still holds the step (``LostLease`` otherwise), so that a worker that was given up can change nothing. Reads give values
of ``dz.tasklib.records``. Secrets are decrypted here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Protocol

from dz.log import Secret
from dz.names import AppId, Commit, Digest
from dz.tasklib.records import (
    Backup,
    Bundle,
    Database,
    Deployment,
    Guess,
    Host,
    Layer,
    Project,
    Redis,
    Release,
    Route,
    Running,
    Stored,
)


class Door(Protocol):
    """What steps read and write. ``app_id`` defaults to nothing: a door speaks of its own job's project only, but for
    the methods under "Hosts", which reconcile uses over all projects."""

    # -- the project ------------------------------------------------------------------------------------------------
    def project(self) -> Project: ...

    def save_guesses(self, guesses: Sequence[Guess], build_config: str, title: str) -> None:
        """Keep what a check found, and its zoombuild.cfg as the project's where nobody confirmed one."""

    def guesses(self, field: str) -> tuple[Guess, ...]:
        """Of one field, the primary first, then by confidence: of this job's check, else of the project's last one."""

    def learn(self, build_config: str, guesses: Sequence[Guess]) -> None:
        """What a build's probe found out: the release's build config, and new evidence beside the old."""

    # -- releases and bundles ---------------------------------------------------------------------------------------
    def open_release(
        self, *, commit: Commit, subject: str, branch: str, build_config: str, bundle: int | None = None
    ) -> Release:
        """This job's release, made on the first call: the next number, today's config frozen into it; of a bundle that
        is there, or of one that is still to be built."""

    def looked_at(self, look: str) -> tuple[tuple[Guess, ...], tuple[str, ...]] | None:
        """The guesses and messages of a check_repo that told of this ``look`` some minutes ago at most."""

    def built_before(self, inputs: str) -> tuple[Release, Bundle] | None:
        """The newest other release whose bundle was made from these inputs and is stored whole."""

    def variables_mark(self) -> str:
        """Tells whether two builds run with the same variables; nothing of their values can be learned from it."""

    def release_again(self) -> Release:
        """This job's release of a bundle that was live before, made on the first call: of the release that its params
        name, else of the live one, with today's config or its own. Raises UserError if it is gone by now."""

    def release(self) -> Release:
        """This job's release. Raises PlatformError if none was opened."""

    def find_layer(self, kind: str, key: str) -> Layer | None:
        """A layer of this project made from the same inputs before, and in the store."""

    def save_bundle(self, *, platform: str, layers: Sequence[Layer], manifest: Mapping[str, Any]) -> Bundle:
        """The release's bundle; same layers and manifest as an earlier one: that one."""

    def bundle(self) -> Bundle:
        """The release's bundle. Raises PlatformError if it has none."""

    def layer_uploaded(self, digest: Digest) -> None: ...

    def live_build(self) -> tuple[Release, Bundle] | None:
        """The project's live release and what it is made of."""

    def was_live(self) -> bool:
        """Whether this job's release is of a bundle that was live before, with the same variables, on the database as
        the project still has it: none was restored since."""

    def was_proved_so(self) -> bool:
        """Whether the bundle of this job's release was proved with the very variables that the release has."""

    def old_digests(self, stored: Set[Digest]) -> frozenset[Digest]:
        """Of uploaded layers, and of what is ``stored`` though no row says so any more: those that neither the live
        release nor any of the last few, failed ones included, is made of."""

    def layer_taken_back(self, digest: Digest) -> None:
        """The store is about to lose it; a build that wants it makes it anew."""

    def is_uploaded(self, digest: Digest) -> bool: ...

    def secret_key(self) -> Secret:
        """The project's own SECRET_KEY, made once."""

    # -- the database -----------------------------------------------------------------------------------------------
    def database(self) -> Database:
        """The project's database row, made (name, role, password, server) on the first call."""

    def database_ready(self) -> None: ...

    # -- the project's own Redis --------------------------------------------------------------------------------------
    def redis(self, *, wanted: bool) -> Redis | None:
        """Its row, made with a password on the first call that wants it; None where it is not ``wanted``."""

    def redis_here(self, *, wanted: bool, ports: range) -> Redis | None:
        """The same, listening on this door's host at a port of ``ports``."""

    def redis_at_another_port(self, *, ports: range) -> Redis:
        """The same moved: where it was to listen, somebody else does."""

    def redis_rests(self) -> bool:
        """Whether the project has one that should not run now: its live release does without, or it rests."""

    def redises_on(self, host: str) -> tuple[Redis, ...]:
        """Over all projects, for reconcile: each that should run on this appserver."""

    # -- backups ----------------------------------------------------------------------------------------------------
    def begin_backup(self, why: str) -> Backup | None:
        """This job's backup, made on the first call; None where there is nothing to back up, or the job's params refuse
        a last one, or one was made by an earlier destroy."""

    def begun_backup(self) -> Backup | None:
        """This job's backup, if it began one."""

    def backup(self) -> Backup:
        """This job's backup. Raises PlatformError if it has none."""

    def backup_stored(self, kind: str, stored: Stored, rows: Mapping[str, int] | None = None) -> None:
        """An object of this job's backup is whole in the store; ``rows`` of a database's."""

    def files_left_out(self, why: str, beside: str) -> None:
        """This job's backup will be good without the project's files, which lie beside the database of that name."""

    def files_beside(self) -> frozenset[str]:
        """Databases of the project whose volumes hold what a backup left out, for as long as it can be restored."""

    def keep_backup(self, *, nightly: int, others: int) -> None:
        """This job's backup, if it has one, is good; of older good ones only so many are kept."""

    def backup_tested(self) -> None: ...

    def backup_is_bad(self, why: str) -> None:
        """This job's backup can't be restored: it is offered no more."""

    def wanted_backup(self) -> Backup:
        """The good backup that the job's params name. Raises UserError if it is gone by now."""

    def new_database(self) -> Database:
        """The one that this job's release will run on: the project's role, a name of its own."""

    def backups_to_clear(self, kind: str) -> tuple[Backup, ...]:
        """Over all projects, for reconcile: what is let go, failed, or of a project that is gone, and has such an
        object; of a project that is gone the last backup stays for 30 days."""

    def backup_cleared(self, backup: int, kind: str) -> None: ...

    # -- placement and deployments ----------------------------------------------------------------------------------
    def appservers(self) -> tuple[Host, ...]:
        """Every appserver with its last heartbeat, capacity and number of deployments."""

    def home(self) -> str:
        """The appserver of the release that was live last, where the project's volume is; "" before the first."""

    def formation(self) -> Mapping[str, int]:
        """How many of each kind of process the project wants; of what is not in it, one."""

    def place(self, host: str, *, ports: range, processes: Sequence[str] = ("web.1",)) -> Deployment:
        """Wanted deployments of this release on ``host``, the web ones each on a free port of ``ports``; the job's
        steps on ``appserver`` go to that host's queue. Returns the first. A second call gives the same rows."""

    def at_another_port(self, deployment: int, *, ports: range) -> Deployment:
        """The same deployment on the first free port of ``ports``: at no moment is it none. Of a host's door, the proxy
        is told."""

    def deployments(self) -> tuple[Deployment, ...]:
        """Of this job's release, not stopped."""

    def healthy(self, deployment: int) -> None:
        """It answers; or, of a process that is not web, it was started and is to be kept running."""

    def not_started(self, deployment: int, why: str) -> None:
        """It does not run in this release, and ``dz ps`` says why."""

    def singles(self) -> tuple[Deployment, ...]:
        """Processes of live releases on this door's host that are still to be started: of such only one may run."""

    def before(self, deployment: Deployment) -> tuple[Deployment, ...]:
        """Processes beside web of the project's older releases that are not known to have stopped, on every host."""

    def stopped(self, deployment: int) -> None: ...

    def hostnames(self) -> tuple[str, ...]:
        """The project's virtual hosts; the first is where its URL points."""

    def route(self, app_id: AppId | None = None) -> Route:
        """What the proxy must serve for the project *once this job's release is live*: its healthy deployments where
        this job has a release that is not failed, else the live release's."""

    def switched(self) -> None:
        """The commit point: the release is live, the one before is retired and its deployments are retiring; one
        transaction."""

    def retiring(self) -> tuple[Deployment, ...]:
        """The project's deployments that no route leads to any more, on every host."""

    # -- commands that people run -----------------------------------------------------------------------------------
    def live_here(self) -> Running | None:
        """A healthy deployment of the live release on this door's host; a command runs beside it."""

    def ticket(self) -> Secret:
        """What lets this attempt, and nobody later, to the terminal of its job."""

    # -- taking away ------------------------------------------------------------------------------------------------
    def rest(self) -> None:
        """The project rests: all that runs of it retires, its route is a plain page. The next switch wakes it."""

    def begin_destroying(self) -> None:
        """The project is wanted nowhere from now on: no route, no database, no job but destroy."""

    def forget(self) -> None:
        """The project is destroyed: its name, hostnames and secrets are free again, its jobs stay."""

    def unplace(self) -> tuple[Deployment, ...]:
        """All deployments of the project, marked as retiring: destroy takes them away."""

    # -- hosts: reconcile over all projects -------------------------------------------------------------------------
    def wanted_on(self, host: str) -> tuple[Deployment, ...]:
        """Every deployment that should run on this appserver: wanted, healthy or retiring and of a release that is
        not failed."""

    def unwanted_on(self, host: str) -> tuple[Deployment, ...]:
        """Those on this appserver whose release failed or whose project is gone, and that are not stopped."""

    def running(self, deployment: int) -> Running:
        """All that starting this deployment takes, of whatever project: fit for deploy and for reconcile."""

    def routes(self) -> tuple[Route, ...]:
        """Every live project's route."""

    def databases(self, server: str) -> tuple[Database, ...]:
        """Every project database that this server should hold and that was ready once."""

    def layers_in_use(self, app_id: AppId) -> frozenset[tuple[str, str]]:
        """Kind and key of each layer that a live, building or kept release of the project needs."""

    def app_ids(self) -> frozenset[str]:
        """Projects that are not destroyed."""
