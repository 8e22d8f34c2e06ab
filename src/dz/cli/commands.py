"""Every command of ``dz``, in the order of ``dz --help``."""

from __future__ import annotations

from dz.cli import arguments
from dz.cli.command import Command

COMMANDS = {
    one.words: one
    for one in (
        Command(
            "up",
            "Start the platform on this machine.",
            arguments.up,
            local=True,
            examples=("up", "up --listen 127.0.0.1:8080", "up --listen 0.0.0.0:80 --domain example.org"),
        ),
        Command("down", "Stop it; data stays.", arguments.nothing, local=True, examples=("down",)),
        Command(
            "status", "What runs, on which hosts.", arguments.nothing, local=True, examples=("status", "status --json")
        ),
        Command(
            "doctor",
            "Check this machine, with the mend of each check.",
            arguments.doctor,
            local=True,
            examples=("doctor", "doctor --fix"),
        ),
        Command(
            "check",
            "Look into a repository: what it is and needs.",
            arguments.target,
            "deploying.check",
            examples=("check https://github.com/ada/shop", "check . --json"),
        ),
        Command(
            "deploy",
            "Make a repository a live site, or deploy it again.",
            arguments.deploy,
            "deploying.deploy",
            examples=(
                "deploy https://github.com/ada/shop",
                "deploy https://github.com/ada/shop --ref v2 --env STRIPE_API_KEY",
                "deploy shop",
                "deploy .",
            ),
        ),
        Command(
            "git",
            "Have a project deployed by git push, and give this clone the remote.",
            arguments.git,
            "pushing.git",
            examples=("git shop", "git shop --yes"),
        ),
        Command(
            "projects", "All projects, and how each is.", arguments.nothing, "projects.projects", examples=("projects",)
        ),
        Command("jobs", "The latest jobs.", arguments.jobs, "reports.jobs", examples=("jobs", "jobs shop -n 5")),
        Command(
            "job",
            "One job: its steps, its log.",
            arguments.job,
            "reports.job",
            examples=("job 42", "job 42 -f", "job 42 --log", "job 42 --log --search Error", "job cancel 42"),
        ),
        Command(
            "job cancel",
            "Stop a job before its switch.",
            arguments.number,
            "reports.cancel",
            examples=("job cancel 42",),
        ),
        Command(
            "logs",
            "What a site writes.",
            arguments.logs,
            "sitelog.logs",
            examples=(
                "logs shop -f",
                "logs shop --since 10m --level error",
                "logs shop --process worker --release 13",
                "logs --service worker-appserver -f",
            ),
        ),
        Command(
            "releases",
            "A project's releases: what was live, and why.",
            arguments.releases,
            "releases.releases",
            examples=("releases shop", "releases shop -n 5"),
        ),
        Command(
            "rollback",
            "Go back to an old release, without a build.",
            arguments.rollback,
            "releases.rollback",
            examples=("rollback shop", "rollback shop 12", "rollback shop 12 --with-config"),
        ),
        Command(
            "restart",
            "Start what is live anew, without a request lost.",
            arguments.restart,
            "releases.restart",
            examples=("restart shop",),
        ),
        Command(
            "env",
            "A project's variables: what is set, what is read.",
            arguments.project,
            "variables.env",
            examples=("env shop", "env set shop STRIPE_API_KEY", "env unset shop STRIPE_API_KEY"),
        ),
        Command(
            "env get", "One value.", arguments.variable, "variables.env_get", examples=("env get shop STRIPE_API_KEY",)
        ),
        Command(
            "env set",
            "Set variables, and run what is live with them.",
            arguments.set_,
            "variables.env_set",
            examples=("env set shop STRIPE_API_KEY", "env set shop CERT=@cert.pem", "env set shop LANG=de --no-deploy"),
        ),
        Command(
            "env unset",
            "Take variables away.",
            arguments.unset,
            "variables.env_unset",
            examples=("env unset shop STRIPE_API_KEY",),
        ),
        Command(
            "env leave",
            "Do without a variable that the code reads: it is asked for no more.",
            arguments.leave,
            "variables.env_leave",
            examples=("env leave shop STRIPE_API_KEY",),
        ),
        Command(
            "env import",
            "Set what a .env file has, after a preview.",
            arguments.import_,
            "variables.env_import",
            examples=("env import shop .env", "env import shop .env --yes"),
        ),
        Command(
            "run",
            "A command in the live release, with a terminal if there is one here.",
            arguments.run,
            "attaching.run",
            passes=True,
            never=125,
            examples=(
                "run shop -- manage.py createsuperuser",
                "run shop -- manage.py shell",
                "run shop -- manage.py dumpdata > shop.json",
                "run shop -- python -m pip list",
            ),
        ),
        Command(
            "db info",
            "A project's database and its backups.",
            arguments.project,
            "data.db_info",
            examples=("db info shop",),
        ),
        Command(
            "db backup",
            "Back up the database and the files now.",
            arguments.project,
            "data.db_backup",
            examples=("db backup shop",),
        ),
        Command(
            "db restore",
            "Go back to a backup's data, without a request lost.",
            arguments.restore,
            "data.db_restore",
            examples=("db restore shop", "db restore shop 7", "db restore shop 7 --yes"),
        ),
        Command(
            "db download",
            "Write a backup into a file.",
            arguments.download,
            "data.db_download",
            examples=("db download shop", "db download shop 7 -o shop.dump", "db download shop --files"),
        ),
        Command(
            "db psql",
            "psql in a project's database, on the platform's machine.",
            arguments.psql,
            local=True,
            examples=("db psql shop", "db psql shop -c 'SELECT count(*) FROM auth_user'"),
        ),
        Command(
            "ps",
            "The processes of a project: how each is, and how it ended last.",
            arguments.project,
            "processes.ps",
            examples=("ps shop",),
        ),
        Command(
            "scale",
            "How many of each process run; without counts: what there is.",
            arguments.scale,
            "processes.scale",
            examples=("scale shop", "scale shop web=2", "scale shop web=2 worker=0"),
        ),
        Command(
            "open",
            "The address of a site, in a browser if there is one.",
            arguments.project,
            "reports.open_site",
            examples=("open shop",),
        ),
        Command(
            "domains",
            "The addresses of a project.",
            arguments.project,
            "domains.domains",
            examples=("domains shop", "domains add shop www.example.org"),
        ),
        Command(
            "domains add",
            "Have a domain of your own lead to a project too.",
            arguments.domains_add,
            "domains.domains_add",
            examples=("domains add shop www.example.org",),
        ),
        Command(
            "domains remove",
            "Have a domain lead there no more.",
            arguments.domains_remove,
            "domains.domains_remove",
            examples=("domains remove shop www.example.org",),
        ),
        Command(
            "deactivate",
            "Let a project rest: nothing of it runs, all that it has stays.",
            arguments.restart,
            "resting.deactivate",
            examples=("deactivate shop",),
        ),
        Command(
            "activate", "Wake a project that rests.", arguments.restart, "resting.activate", examples=("activate shop",)
        ),
        Command(
            "destroy",
            "Take a project away, with its database and files.",
            arguments.destroy,
            "destroying.destroy",
            examples=("destroy shop", "destroy shop --yes", "destroy shop --no-backup"),
        ),
        Command(
            "admin link",
            "A one-time link that makes you administrator.",
            arguments.nothing,
            local=True,
            examples=("admin link",),
        ),
        Command(
            "admin create",
            "A one-time link that makes whoever opens it administrator of a project's own admin.",
            arguments.admin_create,
            "attaching.admin_create",
            examples=("admin create shop", "admin create shop --username ada --email ada@example.org"),
        ),
        Command(
            "completion",
            'What a shell needs to complete dz: eval "$(dz completion bash)"',
            arguments.completion,
            "completing.completion",
            alone=True,
            examples=("completion bash", "completion zsh", "completion fish"),
        ),
        Command(
            "broker setup",
            "Declare the queues on the broker.",
            arguments.nothing,
            local=True,
            examples=("broker setup",),
        ),
    )
}
