"""Entry of the guest: ``python main.py COMMAND ...`` with ``DZ_GUEST_SPEC`` naming a JSON file.

Commands: ``probe MARKER`` finds out which settings and application work; ``manage ARGS...`` runs a management command
for the platform, ``command HOW PROGRAM ARGS...`` what a person asked for; ``serve`` answers HTTP on fd 3, ``work
WORDS...`` is a process beside it, ``broker APP MARKER`` says where its messages go. The guest's folder goes last on
``sys.path``, so that no module of a project is hidden.
"""

import os
import sys


def main(argv):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here] + [here]
    from dz_guest import spec

    spec.enter()
    command, rest = (argv[1], argv[2:]) if len(argv) > 1 else ("", [])
    if command == "probe" and len(rest) == 1:
        from dz_guest import probe

        return probe.main(rest[0])
    if command == "manage" and rest:
        from dz_guest import manage

        return manage.main(rest)
    if command == "command" and len(rest) > 1:
        from dz_guest import command as asked

        return asked.main(rest[0], rest[1], rest[2:])
    if command == "work" and rest:
        from dz_guest import work

        return work.main(rest)
    if command == "broker" and len(rest) == 2:
        from dz_guest import work

        return work.broker(*rest)
    if command == "serve" and not rest:
        from dz_guest import serve

        return serve.main()
    usage = "probe MARKER | manage ARGS... | command HOW PROGRAM ARGS... | serve | work WORDS... | broker APP MARKER"
    sys.stderr.write("usage: main.py %s\n" % usage)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv))
