"""Problems with commands that people run in a project's live release."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "run.failed",
        "{command} ended with {code}.",
        "Its output: dz job {job} --log",
        "A command's exit code is its own; `dz run` ends with the same.",
    ),
    Problem(
        "run.not-a-command",
        "{word} can't be run: what runs in a release is manage.py, or python.",
        "dz run {name} -- manage.py shell opens a Python there; dz run {name} -- manage.py help lists commands.",
        "Commands run with the project's own interpreter, settings and variables.",
    ),
    Problem(
        "run.too-many",
        "{count} commands run {place} already.",
        "Close one of them: dz jobs shows which are open.",
        "Each open terminal holds a process of the platform and one of the project.",
    ),
    Problem(
        "run.stopping",
        "Job {job} is about to stop {name}, so nothing is begun in it.",
        "Wait for it: dz job {job} -f",
        "A project that is deactivated or destroyed ends the commands that run in it; a new one would be cut off.",
    ),
    Problem(
        "run.too-long",
        "The command is longer than {most} bytes.",
        "Put what is long into a file or pipe it in: dz run {name} -- manage.py shell < script.py",
        "A command line is kept with its job.",
    ),
    Problem(
        "run.interrupted",
        "What ran {command} was stopped in the middle; it was not run again.",
        "Look what it has done, then run it anew.",
        "A command that changes data must not be run twice because a process of the platform died.",
    ),
    Problem(
        "run.nobody",
        "Whoever asked for the command did not come to its terminal within {seconds} s, so it was not started.",
        "Run it again.",
        "The command and whoever typed it meet at the panel before it starts.",
    ),
    Problem(
        "run.no-terminal",
        "{host} can't reach the panel, where the command would be typed: {reason}.",
        "dz status shows whether the panel answers; DZ_PANEL_URL tells another host where it is.",
        "Both sides of a terminal connect to the panel.",
    ),
    Problem(
        "run.lost",
        "The connection was lost; the command was ended.",
        "Its output up to then: dz job {job} --log",
        "A command that is typed at ends with its terminal.",
    ),
    Problem(
        "run.no-admin",
        "No administrator was made for {name}: {why}",
        "dz run {name} -- manage.py createsuperuser",
        "The project's own user model decides what an administrator needs.",
    ),
    Problem(
        "run.no-users",
        "{name} has no users, so nobody can be its administrator: none of its apps has a user model.",
        "For an admin it wants django.contrib.auth and django.contrib.admin in INSTALLED_APPS; then deploy again.",
        "Not every site knows people. manage.py has no createsuperuser there, either.",
    ),
    Problem(
        "run.admin-lacks-row",
        "No administrator was made for {name}: its own code looks for a row of {model} that nobody has made yet.",
        "Load what the site begins with (its README may name a command), then try again: "
        "dz run {name} -- manage.py loaddata {fixtures}",
        "Fixtures are for a project's owner to load: some are the data of its tests.",
    ),
    Problem(
        "run.admin-unsure",
        "It is not known whether an administrator was made for {name}, the command did not tell: try to sign in there.",
        "If nobody was made, a new link: dz admin create {name}",
        "The command had its password and was stopped, or ended without a word.",
    ),
]
