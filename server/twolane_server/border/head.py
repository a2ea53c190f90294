"""The chain's head, kept outside the database in `ledger.head`, which its owner alone can read."""

from __future__ import annotations

import json
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from twolane_server.border.chain import Head

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

__all__ = ["HEAD", "Heads", "read_head", "remove_left", "write_head"]

HEAD = "ledger.head"
_LEFT_SECONDS = 3_600.0


def read_head(folder: Path) -> Head | None:
    """The head kept outside the database, or `None` when it is missing or is not one.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        found: object = json.loads((folder / HEAD).read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    head = cast("dict[str, object]", found)
    seq, digest = head.get("seq"), head.get("hash")
    if type(seq) is not int or seq < 0 or not isinstance(digest, str):
        return None
    return Head(seq, digest)


def write_head(folder: Path, head: Head) -> None:
    """Replace the outside head in one step; on disk when it returns.

    Callers hold the database's write lock, so that two processes never write it at once.
    """
    fresh = folder / f"{HEAD}.new"
    _write(fresh, head)
    fresh.replace(folder / HEAD)
    _sync_folder(folder)


class Heads:
    """Writes heads for one who waits for the database meanwhile. One thread may use it at a time.

    A disk takes about as long for two files as for one. So the next head is written beside the entry that
    it is of, and takes the old one's place once that is on disk. That the folder is, too, need not be
    waited for: a head that stays behind when the machine stops is none that is wrong. The next head does.

    Args:
        folder: the ledger's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A name of its own: others have theirs, and this is not always written under the lock.
        self._fresh = folder / f"{HEAD}.{secrets.token_hex(8)}"
        self._thread = ThreadPoolExecutor(1, "ledger head")
        self._synced: Future[None] | None = None
        self._failed = False
        self._written: tuple[Head, Future[None]] | None = None

    def settle(self) -> None:
        """Wait until what `put` has put there is on disk.

        Raises:
            OSError: it is not, and what comes after it must not go there.
        """
        synced, self._synced = self._synced, None
        try:
            if synced is not None:
                synced.result()
            elif self._failed:
                _sync_folder(self._folder)
        except OSError:
            self._failed = True
            raise
        self._failed = False

    def begin(self, head: Head) -> None:
        """Begin to write the next head, which counts from `put` on."""
        self._written = head, self._thread.submit(_write, self._fresh, head)

    def put(self, head: Head) -> None:
        """Have a head take the old one's place, under the database's write lock.

        Args:
            head: the last entry's; another one than was begun, where others wrote meanwhile.

        Raises:
            OSError: it cannot be written.
        """
        written, self._written = self._written, None
        if written is not None:
            written[1].result()
        if written is None or written[0] != head:
            _write(self._fresh, head)
        self._fresh.replace(self._folder / HEAD)
        self._synced = self._thread.submit(_sync_folder, self._folder)

    def close(self) -> None:
        """Wait for what was begun, and leave nothing behind."""
        self._thread.shutdown()
        with suppress(OSError):
            self._fresh.unlink()


def _write(fresh: Path, head: Head) -> None:
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(json.dumps({"seq": head.seq, "hash": head.hash}).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def remove_left(folder: Path) -> None:
    """Remove what processes have left that were killed while they wrote a head."""
    with suppress(OSError):
        for left in folder.glob(f"{HEAD}.*"):
            if left.stat().st_mtime < time.time() - _LEFT_SECONDS:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and the replacement itself is durable
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
