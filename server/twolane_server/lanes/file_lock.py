"""One process at a time: a lock on a file, which the system lets go when its holder dies."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_POLL_SECONDS = 0.1


class FileLock:
    """Held within `async with`; waiting for it can be cancelled.

    Args:
        path: the file to lock; made if it is not there, and left there.

    Attributes:
        waited: whether somebody else held it first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self.waited = False

    async def __aenter__(self) -> Self:
        import asyncio  # noqa: PLC0415 - 20 ms that commands which lock but once can do without

        file = self._path.open("ab")
        try:
            while not try_lock(file):
                self.waited = True
                await asyncio.sleep(_POLL_SECONDS)
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock on a file, and wait for it first; for a thread that nobody else needs.

    Args:
        path: the file to lock; made if it is not there, for its owner alone, and left there. Where it
            can be neither opened nor made, nobody is locked out.
    """
    with ExitStack() as held:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            file = held.enter_context(os.fdopen(descriptor, "ab"))
            while not try_lock(file):
                time.sleep(_POLL_SECONDS)
        yield


def try_lock(file: BinaryIO) -> bool:
    """Take the lock if nobody has it."""
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):  # POSIX and Windows say "held" differently
        return False
    return True
