"""Which releases' static files a proxy has: what pages that are still open, and caches, may ask for."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Max

from dz.tasklib import records
from dz2.door import values
from dz2.models import Layer, Project, Release

BEFORE = 2  # versions before the live one whose files stay


def static_layers(project: Project, release: Release) -> Mapping[int, records.Layer]:
    """Release → layer: that of ``release`` and of the last two others that were live. Another release of the same files
    is no other version, and what the store has cleared away is not asked for."""
    own = Layer.objects.filter(bundles=release.bundle, kind="static").first() if release.bundle_id else None
    others = Layer.objects.filter(project=project, kind="static", uploaded_at__isnull=False)
    others = others.filter(bundles__releases__live_at__isnull=False)
    latest = others.annotate(last=Max("bundles__releases__number")).order_by("-last")[: BEFORE + 1]
    before = [one for one in latest if one != own][:BEFORE]
    return {one.last: values.layer(one) for one in before} | ({release.number: values.layer(own)} if own else {})
