"""Problems of the sandbox."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "sandbox.refused",
        "This host can't keep a project's code apart: {detail}.",
        "dz doctor says which rung this machine can stand on, and how to reach it.",
        "A project's code only ever runs in the sandbox. docs/sandbox.md has the ladder and how each rung is reached.",
    ),
    Problem(
        "sandbox.too-low",
        "This host keeps projects hardly apart: it stands on the rung {rung}, since {why}.",
        "{mend} Where all projects are your own, DZ_TRUSTED_CODE=1 in this worker's environment takes that rung.",
        "A machine with everything on it (dz up) goes on after a word of warning; a build or appserver host that joins"
        " a network refuses the rungs uid and limits, for it gets projects of whoever uses that network.",
    ),
    Problem(
        "sandbox.fix-needs-root",
        "Only root may give bubblewrap the profile that lets it make user namespaces.",
        "sudo {command}",
        "Ubuntu forbids user namespaces to programs without an AppArmor profile; docs/sandbox.md shows it.",
    ),
]
