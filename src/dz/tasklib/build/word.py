"""A release's word for its bundle: what its web process, which has the project loaded, says (``dz_guest.telling``).

Where that is all that was foreseen there is nothing left to prove, and the build host is not asked at all.
"""

from __future__ import annotations

from dz.errors import UserError
from dz.tasklib.build.proof import STARTED_WITH, Proof, proof_of, static_key, tell
from dz.tasklib.build.verdict import ProbeResult, said_result
from dz.tasklib.buildconfig import parse
from dz.tasklib.context import Context
from dz.tasklib.records import Bundle


def taken(ctx: Context, said: str) -> Bundle | None:
    """The bundle of this job's release as one that is proved, kept; None where the release says nothing, or something
    by which it would be started otherwise or have other static files."""
    result, before = _read(said), ctx.door.bundle()
    if result is None:
        return None
    config = parse(ctx.door.release().build_config)
    proof = proof_of(config, result, laid=False)
    static = before.layer("static")
    learned = proof.learned(static=static is not None)
    if _key(ctx, proof) != (static.key if static else "") or any(
        learned[name] != before.manifest[name] for name in STARTED_WITH
    ):
        return None
    tell(ctx, config, result)
    ctx.log.note(f"it is loaded, and {result.chosen.settings} works as it did: that is its proof")
    inputs = ctx.results["build_and_deploy"].get("inputs", "")
    manifest = {**before.manifest, **learned, "inputs": inputs}
    return ctx.door.save_bundle(platform=before.platform, layers=before.layers, manifest=manifest)


def _read(said: str) -> ProbeResult | None:
    try:
        return said_result(said)
    except UserError:
        return None  # the proof tells it


def _key(ctx: Context, proof: Proof) -> str | None:
    """Of the static layer that it would have: "" for none, None where only collecting tells."""
    if not proof.collects:
        return ""
    return static_key(ctx, proof.static_inputs) if proof.static_inputs else None
