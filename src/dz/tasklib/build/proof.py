"""What a project turned out to be, whoever found it out: the probe in its sandbox, or the release that has loaded it.

It may change a guess that nobody confirmed, and the log says so; never a value that a person confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dz.tasklib.build import layers
from dz.tasklib.build.verdict import ProbeResult
from dz.tasklib.buildconfig import BuildConfig, merge
from dz.tasklib.context import Context
from dz.tasklib.guestcopy import guest_folder
from dz.tasklib.records import Basis, Bundle, Guess

STARTED_WITH = ("settings_module", "wsgi", "asgi", "static_url")  # of what is learned, all that a web process is told
LEARNED = (*STARTED_WITH, "media_url", "migrations", "migrates", "brokerless", "pages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What really works. ``lacks``: the module without which a better candidate did not."""

    settings_module: str
    lacks: str
    wsgi: str
    asgi: str
    static_url: str
    media_url: str
    collects: bool
    laid: bool  # its copy of the code is there
    collected: bool  # already, beside the proof
    static_inputs: str  # a hash of all that is collected; "" where nobody can tell without collecting
    migrations: Sequence[tuple[str, str, bool]]  # app, name, whether it can be undone
    pages: Sequence[str]  # paths of the first ones
    brokerless: Sequence[str]  # Celery applications that name no broker
    migrates: str  # a hash of what else migrate makes; "" where nobody can tell without running it

    def learned(self, *, static: bool) -> dict[str, Any]:
        """Its part of a bundle's manifest: what it says under ``LEARNED``."""
        told = {name: getattr(self, name) for name in LEARNED}
        return told | {
            "migrations": [list(one) for one in self.migrations],
            "brokerless": list(self.brokerless),
            "pages": list(self.pages),
            "static_url": self.static_url if static else "",
        }


def started_with(bundle: Bundle) -> list[str]:
    """All that a proof may change of what a web process is started with: a host has a layer by its key, and the same
    static files get another key from another platform."""
    return [
        *(f"{layer.key} {layer.digest}" for layer in bundle.layers),
        *(bundle.manifest[name] for name in STARTED_WITH),
    ]


def static_key(ctx: Context, made_from: str) -> str:
    """The key of the static layer that is made from that."""
    return layers.key_of("static", guest_folder(ctx.settings.home).name, made_from)


def judged(ctx: Context, config: BuildConfig, result: ProbeResult, *, laid: bool) -> Proof:
    """What was found out, kept as evidence and told in the log."""
    tell(ctx, config, result)
    return proof_of(config, result, laid=laid)


def proof_of(config: BuildConfig, result: ProbeResult, *, laid: bool) -> Proof:
    """What was found out."""
    chosen, learned = result.chosen, result.learned
    return Proof(
        settings_module=chosen.settings,
        lacks=next((one.lacks for one in result.failed if one.lacks), ""),
        wsgi=chosen.wsgi,
        asgi=chosen.asgi,
        static_url=learned.static_url,
        media_url=learned.media_url,
        collects=learned.staticfiles and "collectstatic" in config.hooks,
        laid=laid,
        collected=laid and chosen.collected,  # where nothing was laid a project can only say so
        static_inputs=learned.static_inputs,
        migrations=learned.migrations,
        brokerless=learned.brokerless,
        migrates=learned.migrates,
        pages=learned.pages,
    )


def _tell_tried(ctx: Context, result: ProbeResult) -> None:
    """What came before the settings that work."""
    for one in result.failed:
        why = one.error.summary if one.error else "it does not work"
        ctx.log.note(f"{one.settings} was tried first: {why}", level="warning")
        if one.error and one.error.kind == "variable":
            until = f"The site runs with {result.chosen.settings} until {one.error.name} has a value."
            ctx.log.note(until, level="warning")


def tell(ctx: Context, config: BuildConfig, result: ProbeResult) -> None:
    """It becomes the release's evidence, and the log says what of it is worth a word."""
    _tell_tried(ctx, result)
    chosen = result.chosen
    if chosen.settings != config.django_settings_module:
        ctx.log.note(f"settings module is {chosen.settings}: the first that works")
    if apps := ", ".join(result.learned.unmigrated):
        ctx.log.note(
            f"The models of {apps} have changes that no migration makes, so their tables stay as they are: run"
            " manage.py makemigrations, commit what it writes, then deploy again.",
            level="warning",
        )
    if apps := ", ".join(result.learned.bare):
        ctx.log.note(
            f"The repository has no migrations of {apps}: their tables are made as the models are now, and no later"
            " change of these reaches them. Run manage.py makemigrations and commit what it writes.",
            level="warning",
        )
    basis = Basis(why="it was imported in the sandbox and works")
    found = [Guess(field="settings_module", value=chosen.settings, basis=basis, confidence=1.0, is_primary=True)]
    for field, value in (("wsgi_application", chosen.wsgi), ("asgi_application", chosen.asgi)):
        if value:
            found.append(Guess(field=field, value=value, basis=basis, confidence=1.0, is_primary=True))
    proved = merge(
        config,
        {
            "django_settings_module": chosen.settings,
            "wsgi_application": chosen.wsgi,
            "asgi_application": chosen.asgi,
        },
    )
    ctx.door.learn(proved.text(), found)
