"""Words in names of files, modules, extras and groups that say what these are for, as pieces of a pattern."""

from __future__ import annotations

LIVE = "prod|production|live|deploy|deployment|heroku"
ASIDE = "dev|develop|development|tests?|testing|local|docs?|ci|lint|debug"
