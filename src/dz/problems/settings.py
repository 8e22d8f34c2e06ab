"""Problems of a project's own code, found when it is imported, migrated or collected."""

from dz.problems import Problem

MEND = "Mend that line, push, then deploy again."

PROBLEMS = [
    Problem(
        "settings.variable-missing",
        "The project needs the variable {variable}, and it has no value.",
        "dz env set PROJECT {variable} asks for it; then deploy or push again.",
        "Settings that read a variable without a default cannot be imported until it has a value, and a page that reads"
        " one answers with a server error. A release that is not healthy is not switched to.",
    ),
    Problem(
        "settings.not-found",
        "There is no settings module {settings}.",
        "Name the right one as django_settings_module in a zoombuild.cfg, push, then deploy again.",
        "manage.py and wsgi.py often name settings that are not in the repository.",
    ),
    Problem(
        "settings.import-failed",
        "The settings {settings} cannot be imported: {error}.",
        MEND,
        "The settings are imported once while the bundle is built, so that a release that cannot start is never made.",
    ),
    Problem(
        "settings.syntax-error",
        "Python {python} cannot read {file}: {error}.",
        "Mend that line, or name another Python in .python-version; push, then deploy again.",
        "The file was written for another version of Python, or is broken.",
    ),
    Problem(
        "settings.module-missing",
        "The project imports {module}, which is not installed.",
        "Add the package that brings {module} to the project's requirements, push, then deploy again.",
        "Only what the project declares is installed.",
    ),
    Problem(
        "settings.not-in-repository",
        "The project imports {module}, and its package {package} has no such module in the repository.",
        "Commit its file, with what is secret in it read from variables, or take that import out; push, then deploy"
        " again.",
        "A site has what was pushed, and its variables; what was never committed stays on its author's machine.",
    ),
    Problem(
        "settings.file-ignored",
        "The project imports {module}, and {ignored} keeps {file} out of the repository.",
        "Commit a {file} that reads what is secret in it from variables, push, then deploy again.",
        "What git ignores stays on its author's machine; a site has what was pushed, and its variables.",
    ),
    Problem(
        "settings.file-missing",
        "The project opens {file} while it is imported, and that is not in the repository.",
        "Commit a {file} without secrets, or read what it holds from variables; push, then deploy again.",
        "A site has what was pushed, and its variables; files that git ignores stay on their author's machine.",
    ),
    Problem(
        "settings.library-missing",
        "The project imports {module}, which comes with the system library {library}, and this host lacks it.",
        "Install {library} on each build host and appserver, or take that import out and push; then deploy again.",
        "Python packages are installed for each project; libraries of the operating system are its host's.",
    ),
    Problem(
        "settings.only-while-managed",
        "The project's settings are made by {file} while it runs (settings.configure): no module has all of them.",
        "Write a module that puts the same settings together when it is imported, name it as django_settings_module in"
        " a zoombuild.cfg, push, then deploy again.",
        "A web server imports settings by the name of their module, and the platform runs commands as it does: a"
        " project's own manage.py is never run.",
    ),
    Problem(
        "settings.windows",
        "The project imports {module}, which only Windows has.",
        'Take that import out, or import it below `if sys.platform == "win32":`; push, then deploy again.',
        "Projects run on Linux here, as on nearly every server.",
    ),
    Problem(
        "settings.hangs",
        "Importing the project with {settings} did not end in time.",
        "Look for code that waits (a connection, a loop) while it is imported; there is no network in a build.",
        "Each settings module has a minute in which the project must be imported.",
    ),
    Problem(
        "settings.none-found",
        "No settings module was found: no file in the repository looks like Django settings.",
        "Name it in a zoombuild.cfg in the repository ([project] django_settings_module = your.settings), push.",
        "manage.py, wsgi.py and modules named settings were looked at; docs/cli.md shows what dz check tells.",
    ),
    Problem(
        "settings.no-answer",
        "The project ended the process that checked it: {error}.",
        "Look at the last lines of the job's log, mend what ends the process, then deploy again.",
        "The process was killed (too much memory is the usual cause) or the project called exit while imported.",
    ),
    Problem(
        "settings.static-url",
        "The STATIC_URL {url} of {settings} can't be served: it must be {rule}.",
        "Give STATIC_URL such a path, push, then deploy again.",
        "Static files are served by the web server in front of the site, below that path.",
    ),
    Problem(
        "app.setup-failed",
        "The project's apps cannot be loaded with {settings}: {error}.",
        MEND,
        "django.setup() imports every app of INSTALLED_APPS and its models.",
    ),
    Problem(
        "app.urls-failed",
        "The project's urls cannot be imported: {error}.",
        MEND,
        "ROOT_URLCONF and all that it includes is imported while the bundle is built.",
    ),
    Problem(
        "app.wsgi-failed",
        "The project's application cannot be imported: {error}.",
        MEND,
        "The WSGI or ASGI application is what the web server runs.",
    ),
    Problem(
        "hook.migration-failed",
        "Migration {migration} failed: {error}. {applied}.",
        "Mend the migration and push it; then deploy again, unless the push does.",
        "Migrations run after the new release started and before the switch; what was applied stays applied.",
    ),
    Problem(
        "hook.migration-half-done",
        "Migration {migration} failed: {error}. {applied}, but what this one did up to there stays: it is not atomic.",
        "Take that back in the database (dz db psql PROJECT), or let the migration do without what is there already;"
        " push it, then deploy again, unless the push does.",
        "A migration with atomic = False runs in no transaction, as those have to that make an index concurrently. One"
        " that fails half-way leaves what it did before and counts as not applied, so that it begins anew each time,"
        " and meets that.",
    ),
    Problem(
        "hook.extension-missing",
        "The projects' database server does not have the extension {extension}.",
        "Have it installed on the database host (for PostGIS on Debian: postgresql-15-postgis-3, the number being the"
        " server's), then deploy again.",
        "A project's migrations make their extensions themselves. A PostgreSQL that DjangoZoom brought along has those"
        " of contrib that need no library of the system, and no PostGIS: for that the distribution's PostgreSQL has to"
        " be there before the first dz up.",
    ),
    Problem(
        "hook.extension-denied",
        "The extension {extension} can be made by a superuser alone, and a project is none.",
        "As a superuser of that server: CREATE EXTENSION {extension}, in the database that dz db info PROJECT names;"
        " then deploy again.",
        "PostgreSQL lets a database's owner make the extensions that it trusts (hstore, pg_trgm, unaccent, citext and"
        " others); PostGIS is not among them. One that is there already is taken.",
    ),
    Problem(
        "hook.collectstatic-failed",
        "Static files could not be collected: {error}.",
        MEND,
        "collectstatic copies the static files of all apps while the bundle is built.",
    ),
    Problem(
        "hook.failed",
        "The command {command} failed: {error}.",
        "Look at its output in the job's log, mend the cause, then deploy again.",
        "Hooks are management commands that run before the switch: those of a Procfile's release line, or of "
        "zoombuild.cfg, which outranks it.",
    ),
]
