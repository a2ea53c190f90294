"""What was found in each file, kept on disk from one process to the next: SQLite, one row a file.

The cache may be thrown away at any time, so nothing that goes wrong with it is raised: it is made
anew, or does its work without a file, and `Cache.problem` says so.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from twolane_context.disk import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T")
_TABLE = "CREATE TABLE IF NOT EXISTS rows (path BLOB PRIMARY KEY, row BLOB, sum INTEGER)"
_MARK = 0x324C4E45  # our `application_id`, so that nobody else's database is deleted
_MAGIC, _MARK_AT, _HEAD = b"SQLite format 3\0", 68, 72  # https://www.sqlite.org/fileformat.html
_WAIT_SECONDS = 2.0
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class Cache:
    """The rows of one repository, in a file that only its owner can read. Any thread may use it.

    Args:
        file: the database; made, with its folder, where it is not there.
        version: of all that rows depend on but the files: grammars, queries. A row of any other
            version is one that is damaged.

    Attributes:
        problem: a sentence for the person when the cache was made anew or has no file; or `None`.
    """

    def __init__(self, file: Path, version: str) -> None:
        self._file = file
        self._start = crc32(version.encode())  # of each row's sum
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self.problem: str | None = None
        self._open()

    def rows(self) -> list[Row]:
        """All rows, as of one moment, in no order."""
        wanted = "SELECT row, sum FROM rows"
        return self._do(lambda database: [*map(self._row, database.execute(wanted))]) or []

    def put(self, rows: Iterable[Row]) -> None:
        """Keep rows, each in the place of an older one of its path: all of them, or none."""
        blobs = [(os.fsencode(row.path), row.packed()) for row in rows]
        new = [(path, blob, crc32(blob, self._start)) for path, blob in blobs]
        if new:
            self._do(lambda one: one.executemany("INSERT OR REPLACE INTO rows VALUES (?,?,?)", new))

    def drop(self, paths: Iterable[str]) -> None:
        """Forget files."""
        if gone := [(os.fsencode(path),) for path in paths]:
            self._do(lambda database: database.executemany("DELETE FROM rows WHERE path = ?", gone))

    def close(self) -> None:
        """Let go of the file; nothing is kept from now on."""
        with self._lock:
            self._detach()

    def _row(self, stored: tuple[object, object]) -> Row:
        """The row as it was put.

        Raises:
            sqlite3.DatabaseError: it is not; SQLite itself does not notice each damage.
        """
        blob, sum_ = stored
        if not isinstance(blob, bytes) or crc32(blob, self._start) != sum_:
            raise sqlite3.DatabaseError
        return Row.unpacked(blob)

    def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Work with the database, all or nothing."""
        with self._lock:
            try:
                if self._database is not None:
                    with self._database:
                        return work(self._database)
            except sqlite3.Error as error:
                if _code(error) not in _BUSY:  # then it is only not kept this time
                    self._mend(error)
        return None

    def _open(self, *, anew: bool = False) -> None:
        self._detach()
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if anew:
                self._remove()
            self._connect()
        except (OSError, sqlite3.Error) as error:
            self._mend(error, again=not anew)

    def _connect(self) -> None:
        with suppress(FileExistsError):
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        database = self._database = sqlite3.connect(
            self._file, _WAIT_SECONDS, isolation_level="IMMEDIATE", check_same_thread=False
        )
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        mark: int = database.execute("PRAGMA application_id").fetchone()[0]
        if mark != _MARK:
            if mark or tables:
                raise FileExistsError(0, "that is another program's")
            # Before WAL, so that it stands in the file itself.
            database.execute(f"PRAGMA application_id = {_MARK}")
        elif tables not in ([], [("rows",)]):
            raise sqlite3.DatabaseError  # what an older version left
        self._file.chmod(0o600)
        with suppress(sqlite3.OperationalError):  # another process does the same: no wait for it
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_TABLE)

    def _remove(self) -> None:
        """Delete the file if it is ours. Two processes at it may lose rows, which the sums would tell."""
        with suppress(FileNotFoundError):
            with self._file.open("rb") as file:
                head = file.read(_HEAD)
            whole = len(head) == _HEAD
            if head[_MARK_AT:] != _MARK.to_bytes(4, "big") if whole else head[:16] not in _MAGIC:
                raise FileExistsError(0, "that is another program's")
            for suffix in ("-wal", "-shm", ""):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self.problem = (
            f"The index in {self._file} was damaged or of another version, so it is built anew."
        )

    def _mend(self, error: OSError | sqlite3.Error, *, again: bool = True) -> None:
        """Make the file anew where that may help, else do without."""
        if again and isinstance(error, sqlite3.Error) and _code(error) in _DAMAGE:
            self._open(anew=True)
            return
        self._detach()
        why = error.strerror if isinstance(error, OSError) else str(error)
        self.problem = (
            f"The index cannot be kept in {self._file} ({why}), so each start builds it anew; see "
            "to that file and its folder."
        )

    def _detach(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code (https://www.sqlite.org/rescode.html); some have none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
