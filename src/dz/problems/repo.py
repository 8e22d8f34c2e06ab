"""Problems with the repository: its address, its branch, and what was found in it."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "repo.bad-url",
        "{url} is not the address of a Git repository: {reason}.",
        "Give an address like github.com/owner/name, https://host/owner/name.git or git@host:owner/name.git.",
        "Addresses are taken apart before git sees them: only https and ssh, no options, no control characters.",
    ),
    Problem(
        "repo.credentials-in-url",
        "The address holds a password or token, which would end up in logs and settings.",
        "Take it out of the address (and revoke it: it was sent). For a private repository give the ssh address "
        "git@{host}:owner/name.git and add this project's deploy key at {host}.",
        "A deploy key opens one repository, read only, and can be taken back alone.",
    ),
    Problem(
        "repo.file-url",
        "Folders of this machine (file://) are not taken as repositories here.",
        "Push the repository to a Git host and give that address.",
        "Only the platform on one machine, where its user owns the files anyway, reads local repositories.",
    ),
    Problem(
        "repo.not-found",
        "{host} has no repository {path} that may be read: misspelled, or private.",
        "Check the address. If it is private, give its ssh address git@{host}:owner/name.git and add this project's "
        "deploy key at {host}.",
        "Git hosts answer the same for what is missing and what is private, so both are possible.",
    ),
    Problem(
        "repo.no-folder",
        "There is no Git repository in {path}.",
        "Check the path: it must hold a clone, or a bare repository, that the platform may read.",
        "A file:// address names a folder of the machine that the platform runs on.",
    ),
    Problem(
        "repo.not-a-repository",
        "{url} answers, but is not a Git repository.",
        "Give the address that git clone takes, like https://host/owner/name.git.",
        "The server was reached and what it sent is not what a Git server sends.",
    ),
    Problem(
        "repo.no-such-ref",
        "{url} has no branch, tag or commit {ref}.",
        "{hint}",
        "The name was compared with all branches and tags, and tried as a commit.",
    ),
    Problem(
        "repo.bad-ref",
        "{ref} is not the name of a branch, tag or commit.",
        "Give it as git branch or git log shows it: dz deploy {url} --ref main",
        "Names that git would take as an option or a range are refused.",
    ),
    Problem(
        "repo.empty",
        "{url} is empty: nothing was pushed to it yet.",
        "Push a branch, then try again.",
        "The repository exists and can be read, but has no branch.",
    ),
    Problem(
        "repo.host-unreachable",
        "{host} cannot be reached: {reason}.",
        "Check the spelling of the host, and that this machine may reach it: dz doctor",
        "The name does not resolve, or nothing listens at that port.",
    ),
    Problem(
        "repo.bad-certificate",
        "The TLS certificate of {host} is not trusted by this machine.",
        "If {host} uses a private certificate authority, name its file in SSL_CERT_FILE for the build worker.",
        "Code is never fetched over a connection whose other end is not known.",
    ),
    Problem(
        "repo.redirected",
        "{host} leads on to another host, {other}.",
        "If that is meant, give the new address: dz deploy {target}",
        "A repository that moved within its host is followed; to another host only when it is asked for.",
    ),
    Problem(
        "repo.too-big",
        "The repository is over the limit of {limit}: {found}.",
        "Keep data, media and build output out of the repository (git rm --cached, .gitignore), then try again.",
        "A checkout has a limit in size and number of files, so that one project can't fill the build host.",
    ),
    Problem(
        "repo.git-failed",
        "Git could not read {url}: {detail}.",
        "Try git ls-remote with the same address; if that works, try again.",
        "Git gave an answer that the platform does not know better than git does.",
    ),
    Problem(
        "repo.no-django",
        "No Django here: no manage.py, and no Django in requirements or settings.",
        "If the site is on another branch, name that with --ref; a site needs at least its settings and a manage.py.",
        "All folders were looked at for manage.py, Django settings and a dependency on Django.",
    ),
    Problem(
        "repo.python2",
        "This project is written for Python 2, which ended in 2020.",
        "Port it to Python 3 (2to3 and the Django upgrade notes help), then try again.",
        "No supported Django runs on Python 2, and no interpreter for it is brought.",
    ),
    Problem(
        "repo.template",
        "This is a template of a Django project, not a project: {file} still has {blank} where a name belongs.",
        "Make a project from it as its README says (django-admin startproject --template, or cookiecutter), push that "
        "to a repository of its own, then deploy it.",
        "Names are filled in when a project is made from a template; before that nothing of it can be imported.",
    ),
    Problem(
        "repo.unreadable",
        "The repository could not be inspected within {seconds} s of the processor: {detail}.",
        "Keep data and generated files out of the repository, or commit a zoombuild.cfg that says how to build it.",
        "Inspection reads the tree under a limit of time and memory; what it reads is never run.",
    ),
    Problem(
        "repo.config-unknown-key",
        "zoombuild.cfg has no key {key}.",
        "{hint}",
        "An unknown key is refused, since a misspelled one would silently do nothing.",
    ),
    Problem(
        "repo.config-invalid",
        "zoombuild.cfg cannot be used: {reason}.",
        "Mend that line, or delete the file to have its values guessed.",
        "The build config is an INI file with one section, [project].",
    ),
]
