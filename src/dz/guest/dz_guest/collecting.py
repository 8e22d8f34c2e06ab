"""``collectstatic`` into the platform's folder, with files that the project committed to its own STATIC_ROOT."""

import os
import shutil

from dz_guest import spec


def collect(argv):
    """Collect; nothing to do in a project without ``django.contrib.staticfiles``."""
    from django.conf import settings
    from django.core.management import call_command
    from dz_guest import settings as wrapper

    os.makedirs(settings.STATIC_ROOT, exist_ok=True)
    if any("django.contrib.staticfiles" in app for app in settings.INSTALLED_APPS):
        call_command("collectstatic", *argv, interactive=False)
        if not os.listdir(settings.STATIC_ROOT) and _lies_here(settings.STATIC_ROOT):
            _collect_as_django(argv)
    else:
        print("django.contrib.staticfiles is not installed: nothing to collect")
    if getattr(settings, "COMPRESS_ENABLED", False) and getattr(settings, "COMPRESS_OFFLINE", False):
        call_command("compress", force=True)  # django-compressor: without it every page that uses it fails
    committed = str(wrapper.original.get("STATIC_ROOT") or "")
    if committed and os.path.isdir(committed):
        print("%d committed files of %s kept" % (_add(committed, settings.STATIC_ROOT), _in_code(committed)))


def _in_code(folder):
    """As the repository names it."""
    code, folder = os.path.realpath(spec.get("code") or os.getcwd()), os.path.realpath(folder)
    return os.path.relpath(folder, code) if _holds(code, folder) else folder


def _lies_here(folder):
    """Whether pages take their files from that folder."""
    from django.contrib.staticfiles.storage import staticfiles_storage

    return os.path.realpath(getattr(staticfiles_storage, "location", None) or os.sep) == os.path.realpath(folder)


def _collect_as_django(argv):
    """An app's own command may be for its own storage alone, and copy nothing for another."""
    from django.contrib.staticfiles.management.commands import collectstatic
    from django.core.management import call_command, get_commands

    if get_commands().get("collectstatic") != "django.contrib.staticfiles":
        call_command(collectstatic.Command(), *argv, interactive=False)


def _add(source, target):
    """Copy what is missing, links left out; how many files."""
    source, target = os.path.realpath(source), os.path.realpath(target)
    if _holds(source, os.getcwd()) or _holds(source, target) or _holds(target, source):
        return 0  # a STATIC_ROOT that holds the project itself would publish its code
    count = 0
    for folder, _, names in os.walk(source):
        there = os.path.join(target, os.path.relpath(folder, source))
        for name in names:
            file, copy = os.path.join(folder, name), os.path.normpath(os.path.join(there, name))
            if os.path.isfile(file) and not os.path.islink(file) and not os.path.lexists(copy):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copy2(file, copy)
                count += 1
    return count


def _holds(folder, inner):
    return os.path.realpath(inner) == folder or os.path.realpath(inner).startswith(folder + os.sep)
