"""Variables that the settings fail without and that nobody need be asked for.

Those that only the settings for production want, where the ones that these are built on do without: a site that is
live on those is better than none, and production's are tried first, so that they are taken as soon as all have a value.
And, whatever they are called, those that only fill a database's entry in DATABASES, name the site among the hosts that
are allowed, or say where static files and uploads are, which is the platform's; and the settings of a mail server:
without one, mail is shown in the site's log.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from dz.tasklib.build.inspect import code, settingscode
from dz.tasklib.build.inspect.evidence import COUNTS, Evidence, Facts
from dz.tasklib.build.inspect.purposes import purpose
from dz.tasklib.build.inspect.reads import Need, Read
from dz.tasklib.build.inspect.tree import Tree
from dz.tasklib.buildconfig import FILE
from dz.tasklib.given import Given

Found = Iterable[tuple[str, Read]]  # with the file of each

_OF_DATABASE = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
# What these settings get instead; of a server's own, marked as one that is missing.
_OF_MAIL = {
    "EMAIL_HOST": Given(text="localhost", is_mail=True),
    "EMAIL_HOST_USER": Given(text="", is_mail=True),
    "EMAIL_HOST_PASSWORD": Given(text="", is_mail=True),
    "EMAIL_PORT": Given(text="25"),
    "EMAIL_BACKEND": Given(text="django.core.mail.backends.smtp.EmailBackend"),
    "EMAIL_TIMEOUT": Given(text="10"),
    "DEFAULT_FROM_EMAIL": Given(text="webmaster@localhost"),
    "SERVER_EMAIL": Given(text="root@localhost"),
}
_MAIL_URL = Given(text="smtp://localhost:25", is_mail=True)  # to django-environ and dj-email-url alike
_URL_READERS = ("email_url", "dj_email_url")
# Whom errors are mailed to, read so that nothing is nobody: ``getaddresses([env("ADMINS")])``, ``env.list("ADMINS")``.
_OF_ADMINS = dict.fromkeys(("ADMINS", "MANAGERS"), Given(text=""))
_LISTS = ("getaddresses", "list")
# Where the platform has them is what counts.
_OF_FILES = {
    "STATIC_ROOT": Given(text="staticfiles"),
    "MEDIA_ROOT": Given(text="media"),
    "STATIC_URL": Given(text="/static/"),
    "MEDIA_URL": Given(text="/media/"),
}
_WHOLE = ("INSTALLED_APPS", "ROOT_URLCONF")  # what no site is without


def spared(tree: Tree, facts: Facts, found: Found) -> tuple[frozenset[str], str]:
    """Names of which the settings that the first ones are built on do without, and what these are called."""
    ranked = facts.ranked("settings_module")
    if len(ranked) < 2 or ranked[0].file == FILE:
        return frozenset(), ""
    files = settingscode.files(tree, facts)
    # What lies in a package is imported after the package.
    others = [one for one in ranked[1:] if not one.value.startswith(f"{ranked[0].value}.")]
    below = next((one for one in others if one.file in files[1:] and _is_whole(tree, facts, one)), None)
    if below is None:
        return frozenset(), ""
    kept = settingscode.chain(tree, settingscode.roots(facts), below.file)
    wanted = [(path, read) for path, read in found if read.need is Need.FAILS and read.at_import]
    only = [(path, read) for path, read in wanted if path in files and path not in kept]
    rest = {read.name for path, read in wanted if path not in files or path in kept}
    used = {read.name for path, read in only if _is_used(tree, path, read.line, kept)}
    return frozenset({read.name for _, read in only} - rest - used), below.value


def _is_used(tree: Tree, path: str, line: int, kept: list[str]) -> bool:
    """Whether the code asks for the setting that this line makes, and that the other settings lack."""
    module = tree.syntax(path)
    made = {
        target.id
        for one in (code.statements(module.body) if module else ())
        if isinstance(one, ast.Assign) and one.lineno <= line <= (one.end_lineno or one.lineno)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    there = [module for one in kept if (module := tree.syntax(one))]
    lacking = [name for name in made if not any(code.assigned(module, name) for module in there)]
    return any(tree.python_with(f"settings.{name}") for name in lacking)


def _is_whole(tree: Tree, facts: Facts, one: Evidence) -> bool:
    """Settings of a site, and by their name not those of a developer's machine or of tests."""
    modules = [tree.syntax(path) for path in settingscode.chain(tree, settingscode.roots(facts), one.file)]
    return purpose(one.value)[0] >= COUNTS and all(
        any(module and code.assigned(module, name) for module in modules) for name in _WHOLE
    )


def of_databases(tree: Tree, facts: Facts, found: Found) -> dict[str, Given]:
    """Such names, each with what the platform knows that it means there: ``DB_PASSWORD``."""
    inside = [
        (name, Given(like=f"DB_{key}"))
        for path, value in settingscode.values(tree, facts, "DATABASES")
        for key, name in _entries(tree.syntax(path), value)
    ]
    return _for_that_alone(inside, found)


def of_hosts(tree: Tree, facts: Facts) -> tuple[dict[str, Given], frozenset[str]]:
    """Names of which settings make the hosts that they allow, or the origins that they trust: the site's own. Those
    apart that fail there with no more than nothing: ``"https://" + os.getenv("HOST")``."""
    found: dict[str, Given] = {}
    joined: set[str] = set()
    for setting in ("CSRF_TRUSTED_ORIGINS", "ALLOWED_HOSTS"):
        for path, value in settingscode.values(tree, facts, setting):
            module = tree.syntax(path)
            listed = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else None
            if listed is None and setting == "ALLOWED_HOSTS":
                found |= dict.fromkeys(_read_for(module, value), Given(like="ALLOWED_HOSTS"))
            for one in listed or ():
                if setting == "ALLOWED_HOSTS" or _is_host_after_scheme(one):
                    names = _read_for(module, one)
                    found |= dict.fromkeys(names, Given(like="HOSTNAME"))
                    joined |= set(names) if isinstance(one, ast.BinOp) else set()
    return found, frozenset(joined)


def _is_host_after_scheme(one: ast.expr) -> bool:
    """``"https://" + HOST``, ``f"https://{HOST}"``."""
    first: ast.expr | None = one.left if isinstance(one, ast.BinOp) else None
    if isinstance(one, ast.JoinedStr) and len(one.values) == 2:
        first = one.values[0]
    return code.string(first) in ("http://", "https://")


def of_mail(tree: Tree, facts: Facts, found: Found) -> dict[str, Given]:
    """Such names, each with what it gets instead."""
    listed = _of_settings(_OF_ADMINS, tree, facts, found, by=_LISTS)
    urls = {name: _MAIL_URL for path in settingscode.files(tree, facts) for name in _mail_urls(tree.syntax(path))}
    return _of_settings(_OF_MAIL, tree, facts, found) | listed | urls


def _mail_urls(module: ast.Module | None) -> Iterator[str]:
    """``env.email_url("MAIL_AT")``, ``env.email()``; of environs ``env.email("OWNER")`` is an address."""
    for call in code.calls(module) if module else ():
        stem, _, last = code.dotted(call.func).rpartition(".")
        name = (code.string(call.args[0]) or "") if call.args else "EMAIL_URL"
        if stem.lower().endswith("env") and (last in _URL_READERS or (last == "email" and name.endswith("MAIL_URL"))):
            yield name


def of_files(tree: Tree, facts: Facts, found: Found) -> dict[str, Given]:
    """Such names, each with what it gets instead."""
    return _of_settings(_OF_FILES, tree, facts, found)


def _of_settings(
    known: Mapping[str, Given], tree: Tree, facts: Facts, found: Found, *, by: tuple[str, ...] = ()
) -> dict[str, Given]:
    """``by``: functions of which the value must be made by one."""
    inside = [
        (name, instead)
        for setting, instead in known.items()
        for path, value in settingscode.values(tree, facts, setting)
        if not by or any(code.dotted(call.func).rpartition(".")[2] in by for call in code.calls(value))
        for name in _read_for(tree.syntax(path), value)
    ]
    return _for_that_alone(inside, found)


def _for_that_alone(inside: list[tuple[str, Given]], found: Found) -> dict[str, Given]:
    """Those of (name, meaning) that have one meaning, and that nothing else reads."""
    meant, read = Counter(name for name, _ in inside), Counter(read.name for _, read in found)
    clear = Counter(name for name, _ in set(inside))
    return {name: meaning for name, meaning in inside if clear[name] == 1 and meant[name] >= read[name]}


def _entries(module: ast.Module | None, value: ast.expr) -> Iterator[tuple[str, str]]:
    """(PASSWORD, the variable that is read for it)."""
    for one in ast.walk(value):
        pairs = zip(one.keys, one.values, strict=True) if isinstance(one, ast.Dict) else ()
        for key, given in pairs:
            if code.string(key) in _OF_DATABASE:
                yield from ((str(code.string(key)), name) for name in _read_for(module, given))


def _read_for(module: ast.Module | None, given: ast.expr) -> list[str]:
    """The variable that is read for a value, each time that it is (``os.getenv("A") or env("A")``), also by way of a
    name of the module's own; of several, none is clear."""
    if isinstance(given, ast.Name) and module:
        given = next(reversed(code.assigned(module, given.id)), given)
    keys = [one.slice for one in ast.walk(given) if isinstance(one, ast.Subscript) and code.is_environ(one.value)]
    keys += [one.args[0] for one in code.calls(given) if one.args]
    names = [name for one in keys if (name := code.string(one) or "").isidentifier()]
    return names if len(set(names)) == 1 else []
