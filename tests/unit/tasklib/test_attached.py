"""A signal from whoever typed a command, at the moment in which the command begins."""

from __future__ import annotations

import queue
import signal
import sys
import threading
from dataclasses import replace
from typing import Any

from dz.run import Finished, Stdio, run
from dz.tasklib.appserver.attached import Attached


class Typist:
    """A line whose other end says what it is given."""

    def __init__(self, *says: dict[str, Any]) -> None:
        self.says: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for one in says:
            self.says.put(one)
        self.obeyed = threading.Event()  # whoever asks again has done what it was told

    def hear(self, timeout: float) -> dict[str, Any] | None:
        try:
            return self.says.get_nowait()
        except queue.Empty:
            self.obeyed.set()
            threading.Event().wait(0.01)
            return None

    def send(self, stream: int, data: bytes) -> None: ...

    def tell(self, **what: Any) -> None: ...

    def close(self) -> None: ...


def test_ctrl_c_that_comes_before_the_command_is_known_is_not_lost() -> None:
    line: Any = Typist({"met": True}, {"signal": "INT"})
    attached = Attached(line, log=lambda piece: None, size=None, stop=lambda: False)

    def late(stdio: Stdio) -> Finished:
        def started(group: int) -> None:
            assert line.obeyed.wait(30)
            stdio.started(group)

        argv = [sys.executable, "-c", "import time; time.sleep(60)"]
        return run(argv, deadline=30, stdio=replace(stdio, started=started), cancelled=attached.over)

    assert attached.run(late).code in (130, -signal.SIGINT)
