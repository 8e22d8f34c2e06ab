"""Problems of the command line itself."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "cli.usage",
        "{detail}.",
        "dz {command} --help shows how it is used.",
        "The words could not be understood, so nothing was done.",
    ),
    Problem(
        "cli.unknown-command",
        "No command `{word}`.{hint}",
        "dz --help lists the commands.",
        "A mistyped command is never run for you.",
    ),
    Problem(
        "cli.no-platform",
        "No platform runs on this machine. If one was stopped, its data is still in {home}.",
        "dz up starts it; --server URL names another machine's.",
        "dz finds the platform of its own machine by the files that dz up leaves in DZ_HOME.",
    ),
    Problem(
        "cli.not-yours",
        "The platform in {home} belongs to another user.",
        "Run it as that user, or name a token's file in DZ_TOKEN_FILE and the platform with --server URL.",
        "The API token of a platform is readable only by who started it.",
    ),
    Problem(
        "cli.unreachable",
        "The platform at {url} can't be reached: {reason}.",
        "On its own machine: dz status shows what is down; dz up starts it again.",
        "The panel's process did not answer. Jobs go on without it.",
    ),
    Problem(
        "cli.unexpected-answer",
        "The platform at {url} answered something else than expected: {detail}.",
        "dz status shows the services.",
        "Either something else listens there, or the panel broke.",
    ),
    Problem(
        "cli.timeout",
        "Job {job} has not ended within {seconds} s; it goes on.",
        "dz job {job} -f watches it; dz job cancel {job} stops it.",
        "--timeout ends the waiting, never the job.",
    ),
    Problem(
        "cli.needs-yes",
        "{act} has to be confirmed, and there is no terminal to ask on.",
        "Say it with the command: dz {command} --yes",
        "A prompt needs a terminal; without one nothing is guessed.",
    ),
    Problem(
        "cli.stopped",
        "Stopped, as you said: {act}.",
        "The same command with --yes does not ask.",
        "A question was answered with no.",
    ),
    Problem(
        "cli.not-its-name",
        "Nothing was {act}: what was typed is not {name}.",
        "dz {command} asks once more; type {name} there.",
        "What can't be undone asks for the project's name, typed as it is shown.",
    ),
    Problem(
        "cli.not-a-clone",
        "{folder} is a Git repository without a remote to deploy from.",
        "dz deploy . takes what is committed in it. To deploy it by git push from now on: dz git {name}",
        "In a clone, dz deploy takes its remote and branch. A repository of your own has none.",
    ),
    Problem(
        "cli.pushed",
        "{folder} is deployed by git push, as {name}.",
        "git push {remote} deploys it. As a project of its own, with a database of its own: dz deploy . --name OTHER",
        "What is pushed is what runs. The folder itself would be a second project, which begins with no data.",
    ),
    Problem(
        "cli.no-commit",
        "{folder} is in no Git repository with a commit.",
        "Commit it there first (git init, git add, git commit), or give an address: dz deploy URL",
        "What is deployed of a folder is its committed HEAD.",
    ),
    Problem(
        "cli.own-clone",
        "{folder} is DjangoZoom itself, not a site to deploy.",
        "Give your project's address: dz deploy URL",
        "Without an address dz takes the Git clone of the current folder.",
    ),
    Problem(
        "cli.no-value",
        "{variable} has no value here.",
        "Give it with the name: {variable}=VALUE, {variable}=@FILE, or {variable}=- from standard input.",
        "A name alone is asked for on a terminal, or taken from dz's own environment. An empty value is {variable}=",
    ),
    Problem(
        "cli.unreadable",
        "{file} can't be read: {reason}.",
        "Check its path and permissions, then run the command again.",
        "A file named on the command line could not be opened.",
    ),
    Problem(
        "cli.unwritable",
        "{file} can't be written: {reason}.",
        "Name another file, or mend its folder, then run the command again.",
        "What was asked for is there; the file for it could not be made or filled on this machine.",
    ),
    Problem(
        "cli.empty-input",
        "{variable}=- found nothing on standard input.",
        "See that the command before it writes the value, then run both again; an empty value is {variable}=",
        "Of a command that failed nothing comes, and an empty password or key would go live unseen.",
    ),
    Problem(
        "cli.no-service",
        "The platform has no service {service}; it has {known}.",
        "dz status shows how each of them is.",
        "Logs of services are files of this machine's platform.",
    ),
    Problem(
        "cli.not-live",
        "{name} is not live: it has no address yet.",
        "dz deploy {name}",
        "Only a project with a live release has something to open.",
    ),
    Problem(
        "cli.another-version",
        "The checkout is another version of DjangoZoom than what runs here: the two do not understand each other.",
        "make up takes it over, sites serve on meanwhile; then the same again.",
        "As after a git pull: commands are of the checkout at once, the platform is what it was started as.",
    ),
    Problem(
        "cli.unexpected",
        "dz itself broke: {detail}.",
        "Run it again; if it stays, report the id {incident}. Details are in {file}.",
        "An error that nobody foresaw, in the command line and not in your project.",
    ),
]
