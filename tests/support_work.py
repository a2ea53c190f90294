"""Stand-ins for what examines a file: each does to the worker what the file's text asks for."""

from __future__ import annotations

import os
import re
import signal
import sys
import time

from twolane_context.names import words


def obey(path: str, source: bytes) -> tuple[bytes, bytes]:
    """The words, and as facts the path."""
    _do(source)
    return words(source), b"facts of " + os.fsencode(path)


def _do(source: bytes) -> None:
    match source:
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"exit":
            sys.exit(0)
        case b"raise":
            raise ValueError
        case b"hang":
            while True:
                time.sleep(1)
        case b"hang with the GIL":
            re.match(rb"(a*)*b", b"a" * 60)
        case b"print":
            print("not an answer" * 10_000)  # noqa: T201 - what must not be taken for an answer
            os.write(1, b"nor this")
        case b"slow":
            time.sleep(0.3)
        case _:
            pass


def where(path: str, source: bytes) -> tuple[bytes, bytes]:  # noqa: ARG001 - as `obey`
    """As words the worker's process, as facts where it imports from and works."""
    _do(source)
    there = "\n".join([*sys.path, "", os.getcwd(), str(os.nice(0))])  # noqa: PTH109 - a string
    return str(os.getpid()).encode(), there.encode()
