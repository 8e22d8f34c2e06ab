"""Problems with releases: going back, and changing what a release runs with."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "release.none-live",
        "{name} has no live release yet.",
        "Deploy it first: dz deploy {name}",
        "A new release of the same bundle needs one that has been live.",
    ),
    Problem(
        "release.not-found",
        "{name} has no release {release} that was ever live.",
        "dz releases {name} shows those that can be taken.",
        "A release that failed before its switch never served anyone, so nothing goes back to it.",
    ),
    Problem(
        "release.no-commit",
        "{name} has no release of the commit {commit}.",
        "dz releases {name} shows which there are; dz deploy {name} --ref {commit} builds one.",
        "A rollback takes a release by its number, or by the beginning of its commit, four letters or more.",
    ),
    Problem(
        "release.commits",
        "{name} has releases of several commits that begin with {commit}.",
        "Say more of it, or the release's number: dz releases {name} shows both.",
        "The beginning of a commit means a release as long as no other commit begins so.",
    ),
    Problem(
        "release.no-older",
        "{name} has no older version of its code to go back to.",
        "To take variables back, name a release and --with-config (dz rollback --help); they are in dz releases {name}",
        "A rollback goes to the last release that was built from something else than the live one.",
    ),
    Problem(
        "release.is-live",
        "{name} runs what release {release} is already.",
        "dz restart {name} starts it anew; dz releases {name} shows the others.",
        "Going back to what is live changes nothing.",
    ),
    Problem(
        "release.same-code",
        "{name} runs the code of release {release} already, in its release {live}; their variables differ.",
        "dz rollback {name} {release} --with-config takes those of then; dz releases {name} shows the others.",
        "A rollback takes an older release's code and leaves the variables as they are today, unless told.",
    ),
    Problem(
        "release.pruned",
        "The bundle of release {release} is gone: the last ones are kept, older ones are cleared away.",
        "Build that commit again: dz deploy {name} --ref {commit}",
        "The store keeps the bundles of the live release and of the last few before it.",
    ),
]
