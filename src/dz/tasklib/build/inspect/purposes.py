"""Words in names of files, modules, extras and groups that say what these are for, as pieces of a pattern; what the
name of a settings module says."""

from __future__ import annotations

import re

LIVE = "prod|production|live|deploy|deployment|heroku"
ASIDE = "dev|develop|development|tests?|testing|local|docs?|ci|lint|debug"

PRODUCTION = 0.88
# What a module's last word says about its purpose; the first that fits.
_PURPOSES = (
    (f"{LIVE}|render|docker_prod", PRODUCTION, "its name says production"),
    (r"(test|tests|testing|ci|pytest|unittest).*|.*_(test|tests|testing|ci)", 0.12, "its name says tests"),
    (
        r"(dev|devel|develop|development|local|debug|localhost)(_.*)?|.*_(dev|development|local)",
        0.3,
        "its name says development",
    ),
    (
        r"(stag|stage|staging|preview|qa|docker|example|sample|template).*",
        0.4,
        "its name says it is for something else",
    ),
    (r"base|common|defaults?|core|shared|main|components?", 0.55, "others are built on it"),
)


def purpose(module: str) -> tuple[float, str]:
    """How well settings of that name fit a site that is live, and why."""
    last = module.rsplit(".", 1)[-1].lower()
    short = re.sub(r"^settings_?|_?settings$", "", last)
    for pattern, confidence, why in _PURPOSES:
        if short and re.fullmatch(pattern, short):
            return confidence, why
    if last == "settings":
        if re.search(r"(^|\.)(tests?|testing|docs?)\.", module.lower()):
            return 0.25, "it belongs to tests or documentation"
        aside = re.search(r"(^|\.)(examples?|demos?|sandbox|testproject)\.", module.lower())
        return (0.6, "it belongs to an example") if aside else (0.8, "it holds Django's settings")
    return 0.5, "it holds Django settings"
