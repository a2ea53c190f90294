"""Runs a program and all that it starts, and ends them when its own standard input ends.

`twolane serve` holds the other end of that pipe, so vLLM goes whichever way twolane went, also when
it was killed. A program of its own, on the standard library alone: `python -I leash.py COMMAND…`.

SIGTERM ends the program in order, once more or after a while by force. The exit status is the
program's own; 128 and the signal's number where it was killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

__all__ = ["main"]

_PATIENCE_SECONDS = 25.0
_STARTED_NOT = 127


class _Leash:
    def __init__(self, command: list[str]) -> None:
        self._asked = False
        self.child = subprocess.Popen(  # noqa: S603 - what the user's plan names
            command, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def end(self, *_: object) -> None:
        """In order; the second time by force."""
        if self._asked:
            self.kill()
            return
        self._asked = True
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE_SECONDS)
        with suppress(ProcessLookupError):
            self.child.send_signal(signal.SIGTERM)

    def kill(self, *_: object) -> None:
        """Everything of the program's process group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)


def _watch() -> None:
    """Until nobody holds the other end any more."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(command: list[str]) -> int:
    """Run a command to its end; returns the exit status."""
    try:
        leash = _Leash(command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - to who reads the log
        return _STARTED_NOT
    signal.signal(signal.SIGALRM, leash.kill)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, leash.end)
    threading.Thread(target=_watch, daemon=True).start()
    status = leash.child.wait()
    leash.kill()  # engine and workers, should they have outlived their server
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
