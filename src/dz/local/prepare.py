"""What has to be there before services run: folders with their owners, databases, tables, queues, static files.

Every function is harmless when done again; those that take long remember what they were done for.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from psycopg import sql

from dz import source
from dz.errors import UserError
from dz.local.layout import Layout
from dz.local.services import Plan
from dz.local.users import CORE, DATABASE, GROUP, POSTGRES, PROXY, PUSH, ROOT, become, file, folder, rooted
from dz.log import Secret
from dz.run import check
from dz.seams.dbserver.postgres import prepare as prepare_projects_server


def folders(layout: Layout) -> None:
    """DZ_HOME and what is in it. Its users go through it, and only what is theirs opens."""
    layout.home.mkdir(parents=True, exist_ok=True)
    folder(layout.home, ROOT, 0o711)
    folder(layout.specs, ROOT, 0o711)
    folder(layout.logs, ROOT, 0o700)
    folder(layout.programs, ROOT, 0o700)
    folder(layout.folder("x").parent, ROOT, 0o711)
    folder(layout.proxy_home, PROXY, 0o711)
    folder(layout.database_home, DATABASE, 0o711)
    folder(layout.folder("push"), PUSH, 0o700)
    folder(layout.push_folder, PUSH, 0o700)
    # Bundles hold the code of every project: root writes them, the proxy worker reads them, nobody else gets in.
    if rooted():
        folder(layout.store, ROOT, 0o750, group=PROXY)
    else:
        folder(layout.store, ROOT, 0o700)
    # The panel, which gives them out, reads what database and appserver worker write: its group is the folders' own.
    folder(layout.backups, ROOT, 0o711)
    folder(layout.backups / "database", DATABASE, 0o2750, group=CORE if rooted() else "")
    folder(layout.backups / "volume", ROOT, 0o2750, group=CORE if rooted() else "")
    sockets(layout)


def sockets(layout: Layout) -> None:
    """The sockets' folder is in /tmp under a name that can be guessed: only our own will do."""
    path = layout.sockets
    try:
        path.mkdir(mode=0o711)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise UserError("local.foreign-sockets", path=path) from None
    folder(path, ROOT, 0o711)
    folder(layout.core_sockets, CORE, 0o710, group=GROUP if rooted() else "")
    folder(layout.postgres_sockets, POSTGRES, 0o711)
    folder(layout.push_socket.parent, PUSH, 0o710, group=GROUP if rooted() else "")


def clusters(plan: Plan) -> None:
    """The two PostgreSQL clusters, made side by side where they are missing."""
    wanted = [("postgres-zoomdb", CORE, "zoomdb"), ("postgres-projects", POSTGRES, "postgres")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: _cluster(plan, *one), wanted))


def _cluster(plan: Plan, service: str, user: str, which: str) -> None:
    own = folder(plan.layout.folder(service), user, 0o700)
    if (own / "data" / "PG_VERSION").exists():
        return
    password: Secret = getattr(plan.passwords, f"{which}_superuser")
    words = file_of(own, "pw", password, user)
    argv = [*become(user, death_signal="KILL"), str(plan.postgres.bin / "initdb"), "-D", str(own / "data.new")]
    argv += ["-A", "scram-sha-256", "-U", "dzsuper", "-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={words}"]
    check(["rm", "-rf", "--", own / "data.new"], deadline=60)
    try:
        check(argv, deadline=180, cwd=own, env={"LC_ALL": "C.UTF-8"})
    finally:
        words.unlink()
    (own / "data.new").rename(own / "data")


def file_of(folder: Path, name: str, secret: Secret, user: str) -> Path:
    file(folder / name, secret.reveal(), user)
    return folder / name


def databases(plan: Plan) -> None:
    """zoomdb's role and database, and the gates of the projects' server."""
    prepare_projects_server(
        Secret(plan.superuser_url("postgres")), provisioner="dz_provisioner", password=plan.passwords.provisioner
    )
    with psycopg.connect(plan.superuser_url("zoomdb"), autocommit=True) as connection:
        _zoomdb_role(connection, plan.passwords.zoomdb)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'zoomdb'").fetchone():
            connection.execute("CREATE DATABASE zoomdb OWNER dz")
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE zoomdb FROM PUBLIC")
        connection.execute("GRANT pg_read_all_stats TO dz")


def _zoomdb_role(connection: psycopg.Connection[tuple[object, ...]], password: Secret) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'dz'").fetchone():
        connection.execute("CREATE ROLE dz LOGIN")
    verifier = connection.pgconn.encrypt_password(password.reveal().encode(), b"dz", b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE dz PASSWORD {}").format(sql.Literal(verifier)))


def prepared(plan: Plan) -> bool:
    """Whether tables, queues and static files are those of this very source."""
    return plan.layout.stamp.exists() and plan.layout.stamp.read_text() == _stamp(plan)


def tables(plan: Plan) -> None:
    """zoomdb migrated, the panel's static files collected, the queues declared."""
    python, env = plan.shared.python, plan.panel_env()
    django = (python, "-P", "-m", "django")
    check([*django, "migrate", "--skip-checks", "--verbosity=0"], deadline=300, env=env)
    plan.layout.panel_static.mkdir(exist_ok=True)
    check([*django, "collectstatic", "--noinput", "--skip-checks", "--verbosity=0"], deadline=120, env=env)
    check([python, "-P", "-m", "dz.tasks.declare", "app-1"], deadline=60, env=plan.dispatcher_env())
    file(plan.layout.stamp, _stamp(plan), ROOT)


def _stamp(plan: Plan) -> str:
    return f"{source.digest()} {plan.state.broker} {plan.runtime.packages}"
