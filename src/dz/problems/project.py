"""Problems with what was asked of a project, a job or the API."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "project.bad-value",
        "The value of {name} holds a NUL character, which no environment can carry.",
        "Give a value without it; a binary value goes in as base64.",
        "Environment variables are strings that end at the first NUL.",
    ),
    Problem(
        "project.large-value",
        "The value of {name} is too large: {size} bytes, and {most} can be given to a program.",
        "Put it into a file of the repository or the volume, and its path into the variable.",
        "The kernel starts no program with a larger environment.",
    ),
    Problem(
        "project.not-found",
        "There is no project {name}.{hint}",
        "dz projects shows the names that there are; a Git URL makes a new project: dz deploy URL",
        "Names are compared exactly; a destroyed project is gone.",
    ),
    Problem(
        "project.name-taken",
        "The name {name} belongs to another project, made from {url}.",
        "Choose another name: dz deploy URL --name OTHER",
        "A name is also the project's hostname, so it is given once.",
    ),
    Problem(
        "project.has-name",
        "{name} is a project already, and keeps its name.",
        "To deploy it: dz deploy {name}. For a second project of its repository: dz deploy {url} --name {other}",
        "A name is given once, to a new project, with the address of its repository.",
    ),
    Problem(
        "project.bad-name",
        "{name} is not {rule}.",
        "Choose another name: dz deploy URL --name OTHER",
        "The name becomes the first part of a hostname, so the rules of hostnames hold.",
    ),
    Problem(
        "project.values-missing",
        "{name} needs a value for {variables}.",
        "dz deploy {name} {options}",
        "The settings read these variables without a default. They are asked for before anything is built.",
    ),
    Problem(
        "project.bad-variable",
        "{name} is not {rule}.",
        "Rename it, and give it again.",
        "Names of environment variables hold letters, digits and underscores.",
    ),
    Problem(
        "project.bad-env-line",
        "Line {line} of the .env file is no variable: NAME=VALUE, with quotes around a value of several lines.",
        "Mend that line, or begin it with #; nothing of the file was taken.",
        "A line that is passed over would be a variable that the site does not have.",
    ),
    Problem(
        "project.refused-variable",
        "{name} can't be set for a project: {reason}.",
        "Leave it out, and set the others.",
        "Some names change how the platform starts a project, or what it loads first; the sandbox sets those itself.",
    ),
    Problem(
        "project.no-such-variable",
        "{name} has no variable {variable}.",
        "dz env {name} lists those that have a value.",
        "Only what has a value can be shown or taken away.",
    ),
    Problem(
        "project.variable-not-read",
        "No check of {name} found that it reads {variable}.",
        "dz env {name} lists what it reads.",
        "What is left unset is what would else be asked for, so a name that nothing reads is a slip of the pen. A"
        " variable that a value can be given for need not be read by the settings: dz env set takes any name.",
    ),
    Problem(
        "project.rests",
        "{name} is deactivated: nothing of it runs.",
        "dz activate {name}",
        "A project that rests is woken first, so that nothing starts it by the way. Its data, releases and variables"
        " stay; variables may be changed meanwhile.",
    ),
    Problem(
        "project.rests-half",
        "The project is deactivated, but its page that says so is not there yet: {detail}.",
        "dz deactivate PROJECT tries it again, and so does the platform by itself; until then visitors meet the site"
        " still, or an error. dz status shows whether the proxy runs, dz activate PROJECT takes it all back.",
        "What runs of a project stops as soon as it is deactivated; that the proxy does not follow changes nothing of"
        " it. Its data, releases and variables stay.",
    ),
    Problem(
        "project.does-not-rest",
        "{name} is not deactivated.",
        "dz ps {name} shows what runs of it.",
        "Only a project that was deactivated can be activated.",
    ),
    Problem(
        "project.busy",
        "{name} is being destroyed by job {job}.",
        "Wait for it: dz job {job} -f",
        "Nothing is deployed into a project that goes away.",
    ),
    Problem(
        "job.not-found",
        "There is no job {job}.",
        "dz jobs lists the latest ones.",
        "Jobs are numbered over all projects.",
    ),
    Problem(
        "job.too-late",
        "Too late to cancel: job {job} has begun what can't be taken back.",
        "dz job {job} shows how it goes on.",
        "A deploy can be cancelled up to its switch, a destroy until it begins; from then on a job only goes forward.",
    ),
    Problem(
        "job.ended",
        "Job {job} has ended already: {state}.",
        "dz job {job} shows how it ended.",
        "Only a job that waits or runs can be cancelled.",
    ),
    Problem(
        "api.not-signed-in",
        "The platform does not know who asks.",
        "Run it as the user that started the platform, or name a token's file in DZ_TOKEN_FILE.",
        "The API wants a bearer token; on its own machine dz reads it from DZ_HOME.",
    ),
    Problem(
        "api.input",
        "{field} can't be used: {detail}.",
        "Mend {field} and send it again.",
        "Every value is checked by its type before anything is done.",
    ),
    Problem(
        "api.no-such-page",
        "The API has no such address or method.",
        "The command line and the platform may be of different versions: dz status",
        "Addresses are listed at /api/v1/docs.",
    ),
]
