"""Management commands under the wrapper; the project's own manage.py is never run (it may set other settings).

With ``DZ_GUEST_MARKER`` in the environment a JSON summary follows the output: ``{"command", "ok", "error", ...}``. With
``DZ_GUEST_BROKERS``, a JSON list of Celery applications, it also says where the broker of each is: to ask them apart
would import the project once more.
"""

import json
import os
import sys

from dz_guest import answers, errors, loading, spec, work


def main(*argv):
    """Run it; the exit code is the command's own."""
    marker = os.environ.pop("DZ_GUEST_MARKER", "")
    answer = answers.Answers(marker, apart=False) if marker else None
    applications = json.loads(os.environ.pop("DZ_GUEST_BROKERS", "[]"))
    os.environ["DJANGO_SETTINGS_MODULE"] = spec.WRAPPER
    argv = list(argv)
    sys.argv = ["manage.py"] + argv
    summary = {"command": argv[0], "ok": False, "error": None}
    code = 1
    try:
        _run(argv, summary)
        summary["ok"], code = True, 0
        summary["brokers"] = {name: work.broker_of(name) for name in applications}
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else (0 if ending.code is None else 1)
        summary["ok"] = code == 0
        if code:
            summary["error"] = errors.describe(_why(ending))
    except BaseException as error:
        summary["error"] = errors.describe(error)
        sys.stderr.write(summary["error"]["traceback"])
    sys.stderr.flush()
    if answer:
        answer.give(summary)
    return code


def _run(argv, summary):
    import django

    with loading.without_collector():
        django.setup()
    if argv[0] == "migrate":
        from dz_guest import migrating

        migrating.migrate(argv[1:], summary)
    elif argv[0] == "collectstatic":
        from dz_guest import collecting

        collecting.collect(argv[1:])
    else:
        from django.core.management import ManagementUtility

        ManagementUtility(sys.argv).execute()


def _why(ending):
    """The CommandError that Django wrote and then left with: the exit alone says nothing."""
    from django.core.management.base import CommandError

    return ending.__context__ if isinstance(ending.__context__, CommandError) else ending
