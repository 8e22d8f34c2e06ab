"""What the platform changes in a project's settings: pure, from the original values to the changed ones.

Only what a platform can know: where the database is, how the site is reached, where files lie, and what must not fail
because this is not the developer's machine. Each function takes all values and returns those it changes.
"""

import os
import pathlib
import re
import socket

import django
from dz_guest import database, logs, ownredis, spec

PLAIN_KEYS = re.compile(r"(?i)(django-insecure-.*|.{0,15}|.*(change.?me|secret.?key|your.?secret|replace.?me).*)\Z")
SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
LOCAL = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0")


def overrides(values):
    """Every change, later functions seeing what earlier ones changed."""
    changed = {}
    for change in (
        secret,
        debug,
        database.databases,
        hosts,
        tls,
        cookies,
        static,
        media,
        ownredis.stores,
        stores,
        mail,
        logs.logging,
    ):
        found = change(values)
        values.update(found)
        changed.update(found)
    return changed


def secret(values):
    """The project's own key, made by the platform, where theirs is missing, empty or known to everybody."""
    ours = os.environ.get("DZ_SECRET_KEY", "")
    key = values.get("SECRET_KEY") or ""
    text = key.decode("latin-1") if isinstance(key, bytes) else str(key)
    chosen = bool(text) and text in os.environ.values()
    return {"SECRET_KEY": ours} if ours and not chosen and PLAIN_KEYS.match(text) else {}


def debug(values):
    changed = {"DEBUG": False}
    if "TEMPLATE_DEBUG" in values:
        changed["TEMPLATE_DEBUG"] = False
    toolbar = values.get("DEBUG_TOOLBAR_CONFIG") or {}
    if "SHOW_TOOLBAR_CALLBACK" in toolbar:  # its urls went with DEBUG, and by itself it asks for that
        changed["DEBUG_TOOLBAR_CONFIG"] = {key: toolbar[key] for key in toolbar if key != "SHOW_TOOLBAR_CALLBACK"}
    return changed


def hosts(values):
    """Ours first (some take ``ALLOWED_HOSTS[0]`` for the site's name), then the project's own."""
    ours = list(spec.get("hosts", []))
    theirs = [host for host in _words(values.get("ALLOWED_HOSTS")) if host not in ours]
    changed = {"ALLOWED_HOSTS": (ours + theirs) or ["*"]}
    full = django.VERSION >= (4, 0)
    trusted = [spec.origin(host) if full else spec.origin(host).split("://")[1] for host in ours]
    # What ends TLS in front of the platform is nobody's doing that the site could see: a form's page is at https there.
    trusted += [host for host in ("https://" + host for host in ours) if full and host not in trusted]
    for entry in _words(values.get("CSRF_TRUSTED_ORIGINS")):
        bare = entry.split("://")[-1]
        entry = (entry if "://" in entry else "https://" + entry) if full else bare
        if entry not in trusted:
            trusted.append(entry)
    changed["CSRF_TRUSTED_ORIGINS"] = trusted
    if values.get("PREPEND_WWW") and not any(host.startswith("www.") for host in ours):
        changed["PREPEND_WWW"] = False
    return changed


def tls(values):
    """The proxy says which scheme a request came by; on plain http nothing may lead to or insist on https."""
    changed = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}
    secure = spec.get("scheme", "http") == "https"
    changed.update(SESSION_COOKIE_SECURE=secure, CSRF_COOKIE_SECURE=secure)
    if not secure:
        changed.update(SECURE_SSL_REDIRECT=False, SECURE_HSTS_SECONDS=0, LANGUAGE_COOKIE_SECURE=False)
    return changed


def cookies(values):
    """Cookies that a browser would throw away here: of another domain, or promising https on plain http."""
    changed = {}
    secure = spec.get("scheme", "http") == "https"
    for kind in ("SESSION", "CSRF", "LANGUAGE"):
        domain = str(values.get(kind + "_COOKIE_DOMAIN") or "").lstrip(".")
        if domain and not all(host == domain or host.endswith("." + domain) for host in spec.get("hosts", [])):
            changed[kind + "_COOKIE_DOMAIN"] = None
        name = values.get(kind + "_COOKIE_NAME") or ""
        if not secure and name.startswith(("__Secure-", "__Host-")):
            changed[kind + "_COOKIE_NAME"] = name.split("-", 1)[1]
        if not secure and values.get(kind + "_COOKIE_SAMESITE") == "None":
            changed[kind + "_COOKIE_SAMESITE"] = "Lax"
    return changed


def static(values):
    """Collected into the platform's folder by a storage that never fails on a file that is missing."""
    url = spec.get("static_url") or values.get("STATIC_URL") or "/static/"
    changed = {"STATIC_URL": rooted(url, "/static/")}
    if spec.get("static_root"):
        changed["STATIC_ROOT"] = _like(values.get("STATIC_ROOT"), spec.get("static_root"))
    folders = values.get("STATICFILES_DIRS") or ()
    changed["STATICFILES_DIRS"] = [one for one in folders if _made(_folder(one))]
    if values.get("WHITENOISE_KEEP_ONLY_HASHED_FILES"):
        changed["WHITENOISE_KEEP_ONLY_HASHED_FILES"] = False  # the plain name is what a missing hash falls back to
    changed.update(_static_storage(values))
    changed.update(_compressor(values))
    return changed


def _static_storage(values):
    storage = "dz_guest.storage.StaticStorage"
    if django.VERSION < (4, 2) or (django.VERSION < (5, 1) and "STORAGES" not in values):
        return {"STATICFILES_STORAGE": storage}
    stores = dict(values.get("STORAGES") or {})
    stores.setdefault("default", {"BACKEND": "django.core.files.storage.FileSystemStorage"})
    stores["staticfiles"] = dict(stores.get("staticfiles") or {}, BACKEND=storage)
    return {"STORAGES": stores}


def _compressor(values):
    changed = {}
    if spec.get("static_root") and "COMPRESS_ROOT" in values:
        changed["COMPRESS_ROOT"] = _like(values["COMPRESS_ROOT"], spec.get("static_root"))
    before = values.get("COMPRESS_OFFLINE") or values.get("COMPRESS_PRECOMPILERS")
    if "compressor" in (values.get("INSTALLED_APPS") or ()) and not before:
        changed["COMPRESS_ENABLED"] = False  # it would write beside what was collected, while it makes a page
    return changed


def media(values):
    """Uploads go to the project's volume."""
    changed = {"MEDIA_URL": rooted(values.get("MEDIA_URL") or "", "/media/")}
    if changed["MEDIA_URL"] == values.get("STATIC_URL"):  # both of one bucket; Django refuses them here
        changed["MEDIA_URL"] = "/media/"
    if spec.get("media_root"):
        changed["MEDIA_ROOT"] = _like(values.get("MEDIA_ROOT"), spec.get("media_root"))
    return changed


def _like(theirs, folder):
    """Our folder as they have theirs: a project with a Path goes on from it by ``/``."""
    return type(theirs)(folder) if isinstance(theirs, pathlib.PurePath) else folder


def stores(values):
    """Caches and channels that want a Redis or memcached nobody gave: memory, and sessions in the database."""
    changed = {}
    given = _store_given()
    caches = values.get("CACHES") or {}
    wanting = [a for a in caches if re.search("(?i)redis|memcached|pymemcache|pylibmc", str(caches[a].get("BACKEND")))]
    if wanting and not given:
        changed["CACHES"] = {
            alias: _memory(alias, caches[alias]) if alias in wanting else caches[alias] for alias in caches
        }
        if str(values.get("SESSION_ENGINE", "")).endswith("backends.cache"):
            changed["SESSION_ENGINE"] = "django.contrib.sessions.backends.cached_db"
    layers = values.get("CHANNEL_LAYERS") or {}
    if not given and any("redis" in str(layer.get("BACKEND")).lower() for layer in layers.values()):
        changed["CHANNEL_LAYERS"] = {alias: {"BACKEND": "channels.layers.InMemoryChannelLayer"} for alias in layers}
    return changed


def mail(values):
    """Without a mail server of its own a project's mail is shown in its log; DZ_MAIL says that one is missing."""
    if "MAILERS" in values:  # Django 6.1 and later; beside it the older settings are an error
        return {"MAILERS": {alias: _mailer(entry) for alias, entry in values["MAILERS"].items()}}
    if values.get("EMAIL_BACKEND", SMTP) == SMTP and _serverless(
        *[values.get("EMAIL_" + name) for name in ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD")]
    ):
        return {"EMAIL_BACKEND": CONSOLE}
    return {}


def _mailer(entry):
    given = entry.get("OPTIONS") or {}
    lacks = _serverless(*[given.get(name) for name in ("host", "port", "username", "password")])
    return {"BACKEND": CONSOLE} if entry.get("BACKEND", SMTP) == SMTP and lacks else entry


def _serverless(host, port, user, password):
    """Also where an account is missing on the ports that take no mail without one (RFC 6409, 8314)."""
    nobody = str(port) in ("465", "587") and not (user and password)
    return (host or "") in LOCAL or nobody or os.environ.get("DZ_MAIL") == "log"


def rooted(url, default):
    """A URL that this site can answer: from its root, with both slashes. Somebody else's host stays as it is."""
    found = re.match(r"(?:https?:)?//([^/:]+)[^/]*(/.*)?", url)
    if found and found.group(1) not in LOCAL + tuple(spec.get("hosts", [])):
        return url
    path = "/" + (found.group(2) or "" if found else url).strip("/") + "/"
    return path if path != "//" else default


def _store_given():
    """Whether a variable names a Redis or memcached; one of this machine's own only if something answers there: in a
    site's sandbox that is nobody, unless its operator let it through."""
    for name in os.environ:
        if "REDIS" in name or "MEMCACHE" in name or name == "CACHE_URL":
            local = re.search(r"(?:localhost|127\.0\.0\.1)(?::(\d+))?", os.environ[name])
            if not local or _answers(int(local.group(1) or 6379)):
                return True
    return False


def _answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except (OSError, OverflowError):
        return False
    return True


def _memory(alias, cache):
    kept = {key: cache[key] for key in ("TIMEOUT", "KEY_PREFIX", "VERSION") if key in cache}
    return dict(kept, BACKEND="django.core.cache.backends.locmem.LocMemCache", LOCATION="dz-" + alias)


def _folder(entry):
    return str(entry[1] if isinstance(entry, (list, tuple)) else entry)


def _made(folder):
    """Whether the folder is there, made if it is the project's own: git keeps no empty ones, code names them."""
    root = os.path.realpath(spec.get("project_root", "."))
    try:
        if os.path.realpath(folder).startswith(root + os.sep):
            os.makedirs(folder, exist_ok=True)
    except OSError:
        pass
    return os.path.isdir(folder)


def _words(value):
    """A list of strings out of what projects write: a list, a tuple, or one string with commas."""
    parts = re.split(r"[,\s]+", value) if isinstance(value, str) else (value or ())
    return [str(part) for part in parts if part]
