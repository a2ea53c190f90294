"""The ledger's database on disk, `ledger.sqlite`, which its owner alone can read.

Every function raises `LedgerError` with a sentence that says
what to do, whatever SQLite or the disk has to complain about.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, cast

from twolane_server.border.chain import START, Entry
from twolane_server.border.head import HEAD, write_head
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = [
    "DATABASE",
    "create",
    "entries",
    "entries_after",
    "entries_back",
    "explained",
    "has_table",
    "identity",
    "is_damage",
    "log_bytes",
    "open_database",
    "reading",
    "take_in_log",
    "writing",
]

DATABASE = "ledger.sqlite"
_VERSION = 1
_SCHEMA = """CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
)"""
_SELECT = "SELECT seq, kind, payload, prev, hash FROM entries"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


@contextmanager
def explained(folder: Path) -> Generator[None]:
    """Turn what SQLite and the disk say into a `LedgerError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(_sentence(folder, error)) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LedgerError(_full(folder)) from error
        raise LedgerError(
            f"The ledger in {folder} cannot be used ({error.strerror or type(error).__name__}); "
            "make that folder yours and writable."
        ) from error


def _sentence(folder: Path, error: sqlite3.Error) -> str:
    code = _code(error)
    if code in _BUSY:
        return f"The ledger in {folder} is locked by another process; try again in a moment."
    if code == sqlite3.SQLITE_FULL:
        return _full(folder)
    if code in _UNWRITABLE:
        return f"The ledger in {folder} cannot be written; make that folder yours and writable."
    if code == sqlite3.SQLITE_IOERR:
        return f"The disk fails to read or write the ledger in {folder}; check that disk."
    return (
        f"The ledger in {folder} is damaged ({type(error).__name__}); `twolane ledger verify` "
        "says where. Move that folder away to start a new ledger, and keep it as evidence."
    )


def _full(folder: Path) -> str:
    return f"The disk that holds the ledger in {folder} is full; free some space."


def create(folder: Path, wait: float) -> None:
    """Make the folder, the head and the database where there are none yet.

    The head comes before the table, so that a table without a head always means that somebody took
    the head away.

    Raises:
        LedgerError: they cannot be made.
    """
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _private(folder, 0o700)
        os.close(os.open(folder / DATABASE, os.O_RDWR | os.O_CREAT, 0o600))
        _private(folder / DATABASE, 0o600)
        # SQLite does not wait while another process switches to WAL, so the waiting is here.
        deadline = time.monotonic() + wait
        while True:
            try:
                with closing(open_database(folder, wait)) as database:
                    _lay_out(database, folder)
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _lay_out(database: sqlite3.Connection, folder: Path) -> None:
    if database.execute("PRAGMA user_version").fetchone()[0] == 0:
        database.execute("PRAGMA journal_mode = WAL")
        with writing(database):
            if not has_table(database) and not (folder / HEAD).exists():
                write_head(folder, START)
            database.execute(_SCHEMA)
            database.execute(f"PRAGMA user_version = {_VERSION}")
    if database.execute("PRAGMA user_version").fetchone()[0] > _VERSION:
        raise LedgerError(
            f"The ledger in {folder} was written by a newer twolane; update this one."
        )


@contextmanager
def writing(database: sqlite3.Connection) -> Generator[None]:
    """Hold the database's write lock; commit at the end, or undo when something is raised."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    finally:
        if database.in_transaction:
            database.execute("ROLLBACK")


def has_table(database: sqlite3.Connection) -> bool:
    """Whether the database was ever laid out."""
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'")
    return found.fetchone() is not None


def identity(folder: Path) -> tuple[int, int]:
    """Which file the database is, so that one that was moved away or replaced is noticed.

    Raises:
        OSError: it is not there.
    """
    found = (folder / DATABASE).stat()
    return found.st_dev, found.st_ino


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in _BUSY


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error tells of the database's content, and not of the disk or of a lock."""
    return _code(error) not in _BUSY | _UNWRITABLE | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    return cast("int", getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _private(path: Path, mode: int) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)


def open_database(folder: Path, wait: float) -> sqlite3.Connection:
    """The existing database, each commit on disk when it returns.

    Args:
        folder: where it is.
        wait: how many seconds to wait for another process.
    """
    return _connected(folder, wait, "mode=rw")


@contextmanager
def reading(folder: Path, wait: float) -> Generator[sqlite3.Connection]:
    """The database for who reads alone: also where nothing can be written, as on an auditor's copy.

    SQLite wants to write beside a database that others may write into. Where it cannot, and nobody
    left anything there to be read, nobody does.
    """
    try:
        database = open_database(folder, wait)
    except sqlite3.OperationalError as error:
        if _code(error) not in _UNWRITABLE or _is_left(folder / f"{DATABASE}-wal"):
            raise
        database = _connected(folder, wait, "mode=ro&immutable=1")
    with closing(database):
        yield database


def _is_left(log: Path) -> bool:
    return log.exists() and log.stat().st_size > 0


def log_bytes(folder: Path) -> int:
    """How long the database's log of changes is; it may have been taken in already."""
    log = folder / f"{DATABASE}-wal"
    return log.stat().st_size if log.exists() else 0


def take_in_log(database: sqlite3.Connection) -> None:
    """Take the log of changes into the database, as far as nobody reads it, or writes."""
    database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _connected(folder: Path, wait: float, how: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{(folder / DATABASE).resolve().as_uri()}?{how}",
        uri=True,
        timeout=wait,
        isolation_level=None,
        check_same_thread=False,
    )
    # Text that is not UTF-8 was not written by us: it must read as changed, not as an error.
    database.text_factory = _decoded
    database.execute("PRAGMA synchronous = FULL")
    return database


def _decoded(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def entries_after(database: sqlite3.Connection, seq: int) -> Iterator[Entry]:
    """The entries that came after the one with that number, in order."""
    rows = database.execute(f"{_SELECT} WHERE seq > ? ORDER BY seq", (seq,))
    return (Entry(*row) for row in rows)


def entries_back(database: sqlite3.Connection) -> Iterator[Entry]:
    """All entries, the latest first."""
    return (Entry(*row) for row in database.execute(f"{_SELECT} ORDER BY seq DESC"))


def entries(
    database: sqlite3.Connection, kind: str | None = None, last: int | None = None
) -> Iterator[Entry]:
    """The stored entries in order, all or those of one kind, up to a number."""
    rows = database.execute(
        f"{_SELECT} WHERE kind = ifnull(?, kind) AND seq <= ifnull(?, seq) ORDER BY seq",
        (kind, last),
    )
    return (Entry(*row) for row in rows)
