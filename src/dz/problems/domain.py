"""Problems with a project's own domains."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "domain.bad-name",
        "{domain} is no domain.",
        "Give a host name alone, like shop.example.org: no http://, no port, no path, no *.",
        "A name with other letters is given as DNS has it, like xn--mller-kva.example.",
    ),
    Problem(
        "domain.reserved",
        "{domain} is one that the platform gives out itself.",
        "Choose a domain that is not under {ours}.",
        "What is under the platform's own domain belongs to the project of that name.",
    ),
    Problem(
        "domain.taken",
        "{domain} leads to the project {name} already.",
        "Take it away there first: dz domains remove {name} {domain}",
        "One host name leads to one project.",
    ),
    Problem(
        "domain.not-found",
        "{name} has no domain {domain}.",
        "dz domains {name} lists those that it has.",
        "Only what was added can be taken away.",
    ),
    Problem(
        "domain.given",
        "{domain} is the address that {name} got from its name, and stays.",
        "dz domains {name} lists those that can be taken away.",
        "The platform itself asks the site by that address whether it is well.",
    ),
    Problem(
        "domain.too-many",
        "{name} has {most} domains, and a project has no more.",
        "Take one away first: dz domains {name}",
        "Each is a name in the proxy's configuration.",
    ),
]
