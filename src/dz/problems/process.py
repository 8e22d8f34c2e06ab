"""Problems with a project's processes."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "process.unknown",
        "{name} has no process {process}; it has {known}.",
        "Add a line for it to the Procfile and deploy: dz deploy {name}",
        "Processes beside web come from the Procfile, from zoombuild.cfg, or from a Celery application that was found.",
    ),
    Problem(
        "process.too-many",
        "{process} can run {most} times at most.",
        "Choose a smaller number; more hosts carry more projects, not more of one.",
        "All processes of one project run on one appserver.",
    ),
    Problem(
        "process.no-web",
        "web of {name} has to run at least once.",
        "Ask for web=1; to let the project rest, with all that it has: dz deactivate {name}",
        "Without a web process nothing would answer at the project's address.",
    ),
    Problem(
        "process.single",
        "{process} of {name} runs once at most.",
        "Ask for {process}=1, and scale the workers instead. A worker with -B is a scheduler too: give beat a line of"
        " its own in the Procfile, and the worker can be scaled: dz scale {name}",
        "A second scheduler would start every task twice.",
    ),
]
