"""The log of a site in zoomdb: lines of all its processes in one order, without gaps, with the marks of its releases.

``add`` is a host's: the lines and how far their file was told go into one transaction, fenced by where it stood before,
so that no crash loses or doubles one. Numbers appear in their order (the project's head is held until the commit), so
whoever reads on from a number misses nothing. Of each project KEPT lines, KEPT_BYTES at most, stay, the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from dz.names import AppId
from dz.tasklib.appserver.levels import at_least
from dz.tasklib.appserver.spool import Position
from dz2 import vault
from dz2.hidden import Hidden
from dz2.models import Project, ProjectDatabase, ProjectRedis, Release, ShippedLog, SiteLog, SiteLogHead

KEPT, KEPT_BYTES = 20_000, 16_000_000  # lines of a project, and bytes of their text
SWEEP = 1000  # lines between two deletions of old ones

_NUMBER = """
    INSERT INTO dz2_siteloghead AS head (project_id, next_seq) VALUES (%(project)s, 1 + %(count)s)
        ON CONFLICT (project_id) DO UPDATE SET next_seq = head.next_seq + %(count)s
    RETURNING next_seq - %(count)s
"""

_INSERT = """
    INSERT INTO dz2_sitelog (project_id, seq, at, host, process, release, level, text)
    SELECT %(project)s, %(first)s + line.number - 1, line.at, %(host)s, %(process)s, %(release)s, line.level, line.text
      FROM unnest(%(ats)s::timestamptz[], %(levels)s::text[], %(texts)s::text[])
           WITH ORDINALITY AS line(at, level, text, number)
"""


_TOO_MANY_BYTES = """
    DELETE FROM dz2_sitelog WHERE project_id = %(project)s AND seq <= (
        SELECT max(seq) FROM (SELECT seq, sum(octet_length(text)) OVER (ORDER BY seq DESC) AS bytes
                                FROM dz2_sitelog WHERE project_id = %(project)s) AS newest WHERE bytes > %(most)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    at: datetime
    text: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One process of one release on one host; ``file`` names its log there."""

    app_id: AppId
    release: int
    process: str
    host: str
    file: str


class Moved(Exception):
    """Somebody else told that file's log further than we knew."""


def position(source: Source) -> Position | None:
    """How far that file was told."""
    row = ShippedLog.objects.filter(host=source.host, file=source.file).first()
    return Position(row.inode, row.offset) if row else None


def files(host: str) -> list[str]:
    """Those of which that host told anything."""
    return list(ShippedLog.objects.filter(host=host).values_list("file", flat=True))


def add(source: Source, lines: Sequence[Line], *, before: Position | None, after: Position) -> None:
    """The lines between two positions of a file; raises Moved, and adds nothing, if it does not stand at ``before``."""
    with transaction.atomic():
        if not _advance(source, before, after):
            raise Moved(source.file)
        if lines:
            _insert(source, lines)


def _advance(source: Source, before: Position | None, after: Position) -> bool:
    rows = ShippedLog.objects.filter(host=source.host, file=source.file)
    values = {"inode": after.inode, "offset": after.offset}
    if before is not None:
        return bool(rows.filter(inode=before.inode, offset=before.offset).update(**values))
    return ShippedLog.objects.get_or_create(host=source.host, file=source.file, defaults=values)[1]


def _insert(source: Source, lines: Sequence[Line]) -> None:
    """In one statement: with bulk_create a busy site's lines cost its host three times the CPU (measured)."""
    project, count = source.app_id.number, len(lines)
    first = _numbers(project, count)
    values: dict[str, Any] = {
        "project": project,
        "first": first,
        "host": source.host,
        "process": source.process,
        "release": source.release,
        "ats": [line.at for line in lines],
        "levels": [line.level for line in lines],
        "texts": [line.text for line in lines],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
    if first // SWEEP != (first + count) // SWEEP:
        SiteLog.objects.filter(project=project, seq__lt=first + count - KEPT).delete()
        with connection.cursor() as cursor:
            cursor.execute(_TOO_MANY_BYTES, {"project": project, "most": KEPT_BYTES})


def _numbers(project: int, count: int) -> int:
    """Whoever adds to the same project waits from here to our commit."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, {"project": project, "count": count})
        return int(cursor.fetchone()[0])


def mark(release: Release, what: str = "is live") -> None:
    """In the transaction that switches, or gives it up: what the release is from here on. A line of no host and no
    process."""
    number = _numbers(release.project_id, 1)
    text = f"release {release.number} {what}"
    SiteLog.objects.create(project_id=release.project_id, seq=number, at=Now(), release=release.number, text=text)


def forget(host: str, gone: Iterable[str]) -> None:
    """Files that are gone from a host: another of that name is told from its beginning."""
    ShippedLog.objects.filter(host=host, file__in=list(gone)).delete()


def clear(project: Project) -> None:
    """Of a project that is destroyed nothing is kept."""
    SiteLog.objects.filter(project=project).delete()
    SiteLogHead.objects.filter(project=project).delete()


def secrets_of(app_id: AppId, number: int) -> Hidden | None:
    """What no line of that release may show; None where nobody may know its lines: it is gone, or going."""
    which = {"project": app_id.number, "project__destroyed_at": None} | ({"number": number} if number else {})
    rows = Release.objects.select_related("project", "config").filter(**which)
    release = rows.order_by("-number").first()  # 0: what is of no release, and outlives them
    if release is None:
        return None
    hidden, project = Hidden(), release.project
    if release.config:
        for name, value in vault.unseal_variables(app_id, release.config.variables).items():
            hidden.add(name, value.reveal())
    if project.secret_key:
        hidden.add("SECRET_KEY", vault.unseal(app_id, vault.Name.SECRET_KEY, project.secret_key).reveal())
    if database := ProjectDatabase.objects.filter(project=project).first():
        hidden.add("database password", vault.unseal(app_id, vault.Name.DATABASE_PASSWORD, database.password).reveal())
    if redis := ProjectRedis.objects.filter(project=project).first():
        hidden.add("Redis password", vault.unseal(app_id, vault.Name.REDIS_PASSWORD, redis.password).reveal())
    return hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines: of a process (``web`` is every ``web.N``), a release, at least a level, since a time, with words.
    The marks of releases stay among them, but for a search."""

    process: str = ""
    release: int | None = None
    level: str = ""
    since: datetime | None = None
    search: str = ""

    def of(self, rows: QuerySet[SiteLog]) -> QuerySet[SiteLog]:
        marks = Q(process="")
        if self.process:
            rows = rows.filter(Q(process=self.process) | Q(process__startswith=f"{self.process}.") | marks)
        if self.level:
            rows = rows.filter(Q(level__in=at_least(self.level)) | marks)
        if self.release is not None:
            rows = rows.filter(release=self.release)
        if self.since is not None:
            rows = rows.filter(at__gte=self.since)
        return rows.filter(text__icontains=self.search) if self.search else rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``after``: where to read on. ``gone``: lines after the asked number that are not kept any more."""

    lines: Sequence[SiteLog]
    after: int
    gone: int = 0
    more: bool = False


def page(project: Project, wanted: Wanted, *, after: int | None, limit: int, before: int | None = None) -> Page:
    """The first ``limit`` wanted lines after a number; for None the last ones, or the last before one."""
    head = SiteLogHead.objects.filter(project=project).values_list("next_seq", flat=True).first() or 1
    # Lines that come meanwhile are the next page's: what is beyond the head was not there when it was read.
    rows = wanted.of(SiteLog.objects.filter(project=project, seq__lt=head))
    if after is None:
        older = rows.filter(seq__lt=before) if before is not None else rows
        return Page(lines=list(reversed(older.order_by("-seq")[:limit])), after=head - 1)
    if head - 1 <= after:
        return Page(lines=[], after=after)
    found = list(rows.filter(seq__gt=after).order_by("seq")[: limit + 1])
    more = len(found) > limit
    first = SiteLog.objects.filter(project=project).order_by("seq").values_list("seq", flat=True).first() or head
    last = found[limit - 1].seq if more else head - 1
    return Page(lines=found[:limit], after=last, gone=max(0, first - 1 - after), more=more)
