"""What was found in each file, kept on disk from one process to the next: SQLite, one row a file.

The cache may be thrown away at any time, so nothing that goes wrong with it is raised: it is made
anew, or does its work without a file, and `Cache.problem` says so.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zlib import crc32

from twolane_context.disk import Row, Stamp

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from typing import Self

_LAYOUT = "3"
_MARK = 0x324C4E45  # our `application_id`, so that nobody else's database is deleted
_MAGIC, _MARK_AT, _HEAD = b"SQLite format 3\0", 68, 72  # https://www.sqlite.org/fileformat.html
_WAIT_SECONDS = 2.0
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_Stored = tuple[bytes, int, int, int, bytes, bytes, bytes | None, bytes]


class Cache:
    """The rows of one repository. Open it with `Cache.open`; any thread may use it.

    Attributes:
        problem: a sentence for the person when the cache was made anew or has no file; or `None`.
    """

    def __init__(self, file: Path, version: str) -> None:
        # Each version has a table, so that one that still runs never writes into another's.
        self._table = f"files_{blake2b(f'{_LAYOUT} {version}'.encode(), digest_size=8).hexdigest()}"
        self._file = file
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self.problem: str | None = None

    @classmethod
    def open(cls, file: Path, version: str) -> Self:
        """The cache in `file`, which only its owner can read.

        Args:
            file: the database; made, with its folder, where it is not there.
            version: of all that rows depend on but the files: grammars, queries. Rows of any other
                version are dropped.
        """
        cache = cls(file, version)
        with cache._lock:
            cache._open()
        return cache

    def rows(self) -> list[Row]:
        """All rows, as of one moment, in no order."""
        found: list[Row] = []
        with self._using() as database:
            if database is not None:
                found = [_row(one) for one in database.execute(f"SELECT * FROM {self._table}")]  # noqa: S608 - our own name
        return found

    def put(self, rows: Iterable[Row]) -> None:
        """Keep rows, each in the place of an older one of its path: all of them, or none."""
        new = [_stored(row) for row in rows]
        self._write(
            f"INSERT OR REPLACE INTO {self._table} VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608 - our own name
            [(*one, _sum(one)) for one in new],
        )

    def drop(self, paths: Iterable[str]) -> None:
        """Forget files."""
        gone = [(os.fsencode(path),) for path in paths]
        self._write(f"DELETE FROM {self._table} WHERE path = ?", gone)  # noqa: S608 - our own name

    def close(self) -> None:
        """Let go of the file; nothing is kept from now on."""
        with self._lock:
            self._detach()

    def _write(self, statement: str, values: Sequence[tuple[bytes | int | None, ...]]) -> None:
        with self._using() as database:
            if database is not None and values:
                with database:  # all or none
                    database.executemany(statement, values)

    @contextmanager
    def _using(self) -> Generator[sqlite3.Connection | None]:
        with self._lock:
            try:
                yield self._database
            except sqlite3.Error as error:
                if _code(error) in _DAMAGE:
                    self._open(damaged=True)
                elif _code(error) not in _BUSY:  # then it is only not kept this time
                    self._give_up(error)

    def _open(self, *, damaged: bool = False) -> None:
        self._detach()
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if damaged:
                self._remove()
            self._connect()
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, OSError) or damaged or _code(error) not in _DAMAGE:
                self._give_up(error)
            else:
                self._open(damaged=True)

    def _connect(self) -> None:
        with suppress(FileExistsError):
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        database = self._database = sqlite3.connect(
            self._file, _WAIT_SECONDS, isolation_level="IMMEDIATE", check_same_thread=False
        )
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = {cast("str", name) for (name,) in names}
        mark: int = database.execute("PRAGMA application_id").fetchone()[0]
        if mark != _MARK:
            if mark or tables:
                raise FileExistsError(0, "that is another program's")
            # Before WAL, so that it stands in the file itself.
            database.execute(f"PRAGMA application_id = {_MARK}")
        self._file.chmod(0o600)
        database.text_factory = bytes
        with suppress(sqlite3.OperationalError):  # another process does the same: no wait for it
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if tables == {self._table}:
            return
        database.execute("BEGIN IMMEDIATE")
        for table in tables - {self._table}:
            database.execute(f'DROP TABLE IF EXISTS "{table}"')
            self.problem = f"The index in {self._file} is of another version, so it is built anew."
        database.execute(
            f"CREATE TABLE IF NOT EXISTS {self._table} (path BLOB PRIMARY KEY, size INTEGER,"
            " changed_ns INTEGER, inode INTEGER, digest BLOB, words BLOB, facts BLOB, former BLOB,"
            " sum INTEGER)"
        )
        database.execute("COMMIT")

    def _remove(self) -> None:
        """Delete the file if it is ours. Two processes at it may lose rows, which `_sum` would tell."""
        with suppress(FileNotFoundError):
            with self._file.open("rb") as file:
                head = file.read(_HEAD)
            whole = len(head) == _HEAD
            if head[_MARK_AT:] != _MARK.to_bytes(4, "big") if whole else head[:16] not in _MAGIC:
                raise FileExistsError(0, "that is another program's")
            for suffix in ("-wal", "-shm", ""):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self.problem = f"The index in {self._file} was damaged, so it is built anew."

    def _give_up(self, error: OSError | sqlite3.Error) -> None:
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


def _stored(row: Row) -> _Stored:
    path, (size, changed_ns, inode), digest, words, facts, former = row
    before = os.fsencode("\0".join(former))
    return os.fsencode(path), size, changed_ns, inode, digest, words, facts, before


def _row(stored: tuple[*_Stored, int]) -> Row:
    """The row as it was put.

    Raises:
        sqlite3.DatabaseError: it is not; SQLite itself does not notice each damage.
    """
    whole, sum_ = stored[:-1], stored[-1]
    path, size, changed_ns, inode, digest, words, facts, former = whole
    with suppress(TypeError, ValueError):
        if sum_ == _sum(whole):
            before = tuple(os.fsdecode(former).split("\0")) if former else ()
            return Row(
                os.fsdecode(path), Stamp(size, changed_ns, inode), digest, words, facts, before
            )
    raise sqlite3.DatabaseError


def _sum(row: _Stored) -> int:
    *short, words, facts, former = row
    start = b"%b %d %d %d %b %d %b" % (*short, facts is None, former)
    return crc32(facts or b"", crc32(words, crc32(start)))


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code (https://www.sqlite.org/rescode.html); `_row`'s has none.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
