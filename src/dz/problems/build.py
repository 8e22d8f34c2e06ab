"""Problems with a project's Python and its dependencies, and with building them."""

from dz.problems import Problem

PROBLEMS = [
    Problem(
        "python.none-fits",
        "No Python on the build host fits: {needs}, and here is {here}.",
        "Install a Python that fits on the build host (or name it in DZ_PYTHONS), then try again.",
        "A project runs on the Python that it declares, else on one that its Django supports.",
    ),
    Problem(
        "build.requirements-conflict",
        "The dependencies contradict each other: {reason}.",
        "Loosen one of these requirements so that one version satisfies all of them, push, then deploy again.",
        "There is no set of versions that satisfies every requirement.",
    ),
    Problem(
        "build.package-not-found",
        "The package index has no package {package}.",
        "Correct its name in the requirements (or take it out), push, then deploy again.",
        "A requirement names a distribution that the index does not know: often a typing error or a private package.",
    ),
    Problem(
        "build.version-not-found",
        "No release {wanted} can be installed for Python {python}.",
        "Ask for a release that exists for Python {python}, or declare another Python, push, then deploy again.",
        "The release does not exist, was withdrawn, or does not support this Python.",
    ),
    Problem(
        "build.other-index",
        "{wanted} is on none of this host's package indexes: a release with a + comes from an index of its own.",
        "Ask for the release without what stands behind the +, push, then deploy again; or have that index named in"
        " UV_INDEX on the build host.",
        "PyPI takes no such release. A project may name the index that has it (tool.uv.index, --extra-index-url), and"
        " nothing is installed from an index that only a project names.",
    ),
    Problem(
        "build.requirements-syntax",
        "{file} can't be read: {reason}.",
        "Correct that line, push, then deploy again.",
        "Requirements are written as PEP 508 says: name==1.2, name>=1,<2, name[extra].",
    ),
    Problem(
        "build.requirements-missing",
        "There is no file {file} in the repository.",
        "Add the file, or correct the name in the build configuration, then deploy again.",
        "The dependencies are read from the files that the build configuration names (pip_reqs).",
    ),
    Problem(
        "build.requirements-invalid",
        "The dependencies can't be resolved: {reason}.",
        "Look at the job's log, mend the requirements, push, then deploy again.",
        "uv refused the requirements; its whole output is in the log.",
    ),
    Problem(
        "build.lock-stale",
        "The lock file does not fit the project: {reason}.",
        "Run uv lock, commit uv.lock, push, then deploy again.",
        "A locked project is installed exactly as locked; a lock that is out of date can't be.",
    ),
    Problem(
        "build.package-not-fetched",
        "The package index {index} refused a file: {reason}.",
        "Check that the package may be downloaded from {index}, then deploy again.",
        "The index answered, but not with the file.",
    ),
    Problem(
        "build.index-unreachable",
        "The package index can't be reached from the build host.",
        "Check the build host's network and its index settings (UV_DEFAULT_INDEX, PIP_INDEX_URL), then deploy again.",
        "Dependencies are downloaded from the package index that the operator configured, or from pypi.org.",
    ),
    Problem(
        "build.system-library",
        "{package} has to be compiled and needs {library}, which the build host does not have.",
        "Install what brings {library} on each build host and appserver, or ask for a release that has a wheel"
        " (psycopg2-binary instead of psycopg2, say) and push; then deploy again.",
        "Packages without a wheel for the project's Python are compiled on the build host, as far as it can.",
    ),
    Problem(
        "build.package-build-failed",
        "{package} has no wheel for Python {python}, and building it failed.",
        "Ask for a newer release of {package} or declare an older Python, push, then deploy again.",
        "Old releases often don't build with newer Pythons; what the build said is in the job's log.",
    ),
    Problem(
        "build.package-for-python2",
        "{package} is written for Python 2, and this is {python}.",
        "Ask for a release of {package} that runs on Python 3 (or take it out), push, then deploy again.",
        "Its build script is Python 2: there is no Python 3, however old, that it can be installed for.",
    ),
    Problem(
        "build.django-missing",
        "Django is not among the dependencies ({files}).",
        "Add Django to the requirements, push, then deploy again.",
        "The dependencies are installed as the repository names them; without Django there is no site.",
    ),
    Problem(
        "build.installer-unknown",
        "Dependencies managed by {installer} are not understood yet.",
        "Export them to a requirements.txt, push, then deploy again.",
        "Understood are requirements files, uv.lock, and a pyproject.toml or setup.py with its dependencies.",
    ),
    Problem(
        "build.git-requirement",
        "A dependency with an address of its own can't be fetched: {reason}.",
        "Check its address in the requirements (a private one can't be reached), push, then deploy again.",
        "Requirements like git+https://... or name @ https://... are fetched in the sandbox, without anybody's keys.",
    ),
    Problem(
        "build.node-missing",
        "The package.json in {folder} needs Node, and the build host has none that does: {reason}.",
        "Install Node and npm on the build host (or commit what Django serves of it), then deploy again.",
        "A folder with a package.json whose build script makes files that Django serves is built before the site is,"
        " and packages that Django serves from node_modules are installed. A Node that the host lacks is downloaded"
        " from the package index.",
    ),
    Problem(
        "build.front-end-failed",
        "The front end in {folder} could not be built: {reason}.",
        "Try its install and build on a fresh clone, mend what fails there, push, then deploy again.",
        "Its packages are installed as its lock says, then its build script is run; all that was said is in the job's"
        " log. Where the live release has its front end the new one is refused; else the site goes on without.",
    ),
    Problem(
        "build.front-end-program",
        "The front end in {folder} could not be built: its build script calls {program}, which this host lacks.",
        "Install {program} on each build host, or build without it and push; then deploy again.",
        "A front end's packages and Node are brought; what else a script calls (make, say) is the host's. A Makefile's"
        " target is run only where such a script calls it.",
    ),
    Problem(
        "build.front-end-packages",
        "The packages of {folder} that Django serves from node_modules could not be installed: {reason}.",
        "Try its install on a fresh clone, mend what fails there, push, then deploy again.",
        "They are installed as the lock beside the package.json says; all that was said is in the job's log. Where the"
        " live release has them the new one is refused; else the site goes on without.",
    ),
    Problem(
        "build.layer-too-big",
        "The {kind} layer of this project is over the limit: {reason}.",
        "Take large files out of the repository (or dependencies that are not needed), push, then deploy again.",
        "Limits keep one project from filling the hosts' disks.",
    ),
]
