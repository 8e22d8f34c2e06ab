"""Problems of the bundle store: the operator's to mend."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "store.refused",
        "The bundle store refuses this platform: {detail}.",
        "Look at the store's keys in the settings of every host, then deploy again.",
        "Every bundle goes through the store, a folder or an S3 bucket, so that any appserver can fetch it.",
    ),
    Problem(
        "store.unreachable",
        "The bundle store does not answer: {detail}.",
        "dz status shows the services; deploy again once the store answers.",
        "The step was tried again several times before this was told.",
    ),
]
