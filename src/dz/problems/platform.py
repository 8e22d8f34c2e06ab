"""Problems of the platform itself: ours to mend, so the next act asks for nothing but patience or a look."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "platform.unexpected",
        "Something in the platform broke: {detail}.",
        "Nothing for you to do in the project. dz status shows the services; dz doctor what to mend.",
        "An error that nobody foresaw. The job's log holds it whole; the live release was not touched.",
    ),
    Problem(
        "platform.own-code",
        "DjangoZoom's own code failed while it loaded this project: {detail}.",
        "No line of yours did. Tell that sentence to whoever maintains DjangoZoom, with the traceback in the job's log."
        " Until it is mended, the setting which that line reads may do in a plainer form.",
        "The settings of a project are loaded by code of the platform, which puts the database, the host names and the"
        " folders of files into them. It should take whatever form they have; here it met one that it does not know."
        " The live release was not touched.",
    ),
    Problem(
        "platform.away",
        "The platform's own database does not answer.",
        "Try again in a moment; dz status shows whether it runs, dz up starts it again.",
        "What was begun goes on once it is back, and sites answer without it.",
    ),
    Problem(
        "platform.worker-died",
        "The worker of this step died {attempts} times.",
        "dz status shows whether that host's worker runs; then try again.",
        "A worker that loses its lease is given up after five attempts, so that a job always ends.",
    ),
    Problem(
        "platform.no-worker",
        "No {role} worker has answered for {seconds} s.",
        "dz status shows what is down; dz up starts it again.",
        "A step waits until a worker of its role takes it.",
    ),
    Problem(
        "platform.step-timeout",
        "{title} took longer than its limit of {seconds} s.",
        "Try again; if it happens twice, look at the last lines of the job's log.",
        "Every step has a deadline, so that a job cannot hang for ever.",
    ),
    Problem(
        "platform.disk-full",
        "The disk of host {host} is full.",
        "Free some space on {host}, then try again: dz status shows how much is left.",
        "Builds and deployments need room for the dependencies and the code.",
    ),
]
