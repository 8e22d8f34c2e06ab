"""Plays a machine that forbids namespaces: ``python withoutnamespaces.py COMMAND ...`` runs it under such a filter.

As measured on such machines: EPERM to unshare and to clone with a new namespace, ENOSYS to clone3. Dropping
CAP_SYS_ADMIN too is the caller's (setpriv), since an ordinary user has none.
"""

from __future__ import annotations

import os
import sys

from dz.seams.sandbox import seccomp

if __name__ == "__main__":
    seccomp.apply(seccomp.program(refused=("unshare", "setns"), families=None))
    os.execvp(sys.argv[1], sys.argv[1:])
