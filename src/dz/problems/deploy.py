"""Problems between a built bundle and a live site: placement, start, health."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "deploy.unhealthy",
        "The new release answers {status} on {path}{error}.",
        "Mend that in the project, then deploy again: the job's log holds the whole answer.",
        "A release becomes live only after a real answer through its own host name: no 5xx and no 400. A 404 on / is"
        " normal for an API and counts as healthy.",
    ),
    Problem(
        "deploy.page-fails",
        "{path} is a page of the live release and a server error (500) in the new one{error}.",
        "Mend that in the project, then deploy again.",
        "Before the switch a few pages without arguments are asked for: /, the admin, the log-in, the first ones of the"
        " urls. One that fails in the live release too is a warning.",
    ),
    Problem(
        "deploy.bad-redirect",
        "The new release sends {path} to {target}, where nothing of this site listens.",
        "Look at SECURE_SSL_REDIRECT, PREPEND_WWW and redirects of your own, then deploy again.",
        "A redirect to https on a site without a certificate, to another port or back to itself leaves every visitor"
        " with an error.",
    ),
    Problem(
        "deploy.never-answered",
        "The new release gave no answer on {path} within {seconds} s.",
        "Look for what its start or first page waits for (another service, an endless loop), then deploy again.",
        "The process runs but does not answer requests in time.",
    ),
    Problem(
        "deploy.died",
        "The new release ended at its start ({how}){error}.",
        "Mend what the traceback in the job's log names, then deploy again.",
        "The web process ended before it answered a single request.",
    ),
    Problem(
        "deploy.no-appserver",
        "No appserver can take the release: {detail}.",
        "dz up starts what is down. On a host whose disk is full, free some space; dz status says how much is left.",
        "A release goes to a host that was heard of lately, has the bundle's platform and room for one more.",
    ),
]
