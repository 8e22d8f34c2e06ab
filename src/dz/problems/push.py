"""Problems with ``git push dz``."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "push.none-here",
        "This platform takes no pushes.",
        "Push to a Git host and deploy from there: dz deploy URL",
        "What is pushed lies on the machine that builds it, so pushes go to a platform that dz up started.",
    ),
    Problem(
        "push.no-project",
        "There is no project {name}.{hint}",
        "dz git {name} in your clone makes it and adds the remote.",
        "A push never makes a project: a mistyped name would be one.",
    ),
    Problem(
        "push.new-project",
        "{found} To make a new one has to be confirmed, and there is no terminal to ask on.",
        "Say it with the command: dz git {name} --yes",
        "A mistyped name would be a project.",
    ),
    Problem(
        "push.other-source",
        "{name} is deployed from {url}, not from what is pushed here.",
        "Push there, then dz deploy {name}; or have it deployed from pushes: dz git {name} --yes",
        "A project has one source. Changing it leaves releases, variables and data as they are.",
    ),
    Problem(
        "push.values-missing",
        "{name} needs a value for {variables}.",
        "dz env set {name} {names} asks for them; then push again.",
        "The settings read these variables without a default. What was never live is looked at before it is built.",
    ),
    Problem(
        "push.going-on",
        "Another push to {name} is still being deployed.",
        "dz jobs {name} shows its job; push again when that has ended.",
        "A branch moves when its deploy has succeeded, so pushes come one after the other.",
    ),
    Problem(
        "push.moved",
        "{branch} has moved while this push was on its way: another one came first.",
        "Take its commits in with git pull, then push again.",
        "Nothing of this push was deployed.",
    ),
    Problem(
        "push.repository-full",
        "What was pushed to {name} takes {used} MB, of {most} that one project may have here.",
        "Have the platform's operator set DZ_PUSH_LIMIT (MB) higher and run dz down, then dz up.",
        "Each push stays on the platform's disk with all of its history. A host of repositories has more room: "
        "dz deploy URL deploys from there.",
    ),
    Problem(
        "push.too-large",
        "This push is {size} MB; {room} MB are left for it here.",
        "Take large files out of its commits, then push again; dz status shows how much of the disk is left.",
        "A push is 1 GB at most, of one project DZ_PUSH_LIMIT MB are kept, and a gigabyte of the disk stays free.",
    ),
    Problem(
        "push.disk-full",
        "The platform's disk has {free} MB left; {spare} stay free of pushes.",
        "Have the platform's operator free some space, then push again: dz status shows how much is left.",
        "Sites, their databases and builds write to the same disk.",
    ),
    Problem(
        "push.deleted",
        "{branch} is what {name} is deployed from; it stays.",
        "To take the whole project away: dz destroy {name}",
        "Other branches and tags may be deleted.",
    ),
    Problem(
        "push.other-ref",
        "{ref} is nothing that can be kept here.",
        "Push branches and tags only.",
        "Branches hold commits; other names are Git's and the platform's own.",
    ),
    Problem(
        "push.too-many",
        "{most} pushes and fetches{of} are going on already.",
        "Push again when one has ended.",
        "Each one takes memory on the platform's machine.",
    ),
]
