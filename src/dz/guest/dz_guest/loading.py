"""While a project is loaded, the garbage collector rests: of a thousand modules nearly nothing is garbage, and to look
through them again and again is a sixth of the time that loading takes. What has been loaded is never looked through
afterwards either, which would take a twentieth of a second at once, and copy in each fork what it shares with others.
So it is for the web, the probe and the platform's own commands; what a person or a Procfile starts is left as it is.
"""

import gc
from contextlib import contextmanager

NEVER = 1 << 30


@contextmanager
def without_collector():
    """What a project itself sets meanwhile stays."""
    before = gc.get_threshold()
    gc.set_threshold(NEVER, *before[1:])
    try:
        yield
    finally:
        if hasattr(gc, "freeze"):  # since Python 3.7
            gc.freeze()
        if gc.get_threshold()[0] == NEVER:
            gc.set_threshold(*before)
