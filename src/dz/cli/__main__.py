"""``python -m dz.cli`` is ``dz``."""

import sys

from dz.cli import main

if __name__ == "__main__":
    sys.exit(main())
