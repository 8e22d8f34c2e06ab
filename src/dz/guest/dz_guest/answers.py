"""One JSON object for the platform, on a line of its own after a marker line that only this run knows.

Whatever the project prints goes to standard error meanwhile, so the two are not mixed up.
"""

import json
import os
import sys


class Answers(object):
    """Keeps the real standard output for the answer and leads the project's prints elsewhere."""

    def __init__(self, marker, apart=True):
        self._marker = marker
        self._out = os.dup(1)
        if apart:
            sys.stdout.flush()
            os.dup2(2, 1)

    def give(self, value):
        sys.stdout.flush()
        data = ("\n%s\n%s\n" % (self._marker, json.dumps(value))).encode("ascii")
        while data:
            data = data[os.write(self._out, data) :]
