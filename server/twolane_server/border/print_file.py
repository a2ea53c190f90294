"""The database of fingerprints as a file: made, checked, made anew where it is damaged or old."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

__all__ = ["Outdated", "found", "opened", "pragma"]

_MARK = 0x324C4650  # our `application_id`, so that nobody else's database is deleted
_MARK_AT = 68  # https://www.sqlite.org/fileformat.html
_WAIT_SECONDS = 5.0
_CACHE_KIB = 32_768
_SCHEMA = (
    "CREATE TABLE editions (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " file INTEGER, path BLOB, digest BLOB, ended INTEGER);"
    "CREATE INDEX editions_path ON editions (path);"
    "CREATE TABLE prints (hash INTEGER, file INTEGER, edition INTEGER, line INTEGER,"
    " PRIMARY KEY (hash, file)) WITHOUT ROWID;"
    "CREATE TABLE about (root BLOB, released INTEGER);"
    "INSERT INTO about VALUES (NULL, 0)"
)
# Made also where all else is: earlier versions of twolane had none. See `print_log`.
_LOG = "CREATE TABLE IF NOT EXISTS added (edition INTEGER PRIMARY KEY, since INTEGER, hashes BLOB)"


class Outdated(sqlite3.OperationalError):
    """The rows are of another version, so that nothing can be compared with them."""


def found(file: Path, version: int) -> sqlite3.Connection:
    """The database of another repository, which is never made or emptied by who only asks it.

    Raises:
        Outdated: it is of another version, or not made yet.
        sqlite3.Error: it cannot be read.
    """
    database = sqlite3.connect(
        f"{file.as_uri()}?mode=rw",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        mark, known = (pragma(database, name) for name in ("application_id", "user_version"))
        if known != version or mark not in {_MARK, 0}:
            raise Outdated("the rows are of another version")
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except sqlite3.Error:
        database.close()
        raise
    return database


def opened(file: Path, version: int) -> tuple[sqlite3.Connection, str | None]:
    """The database in a file, made where it is not there; and what the person should know of it.

    One that cannot be kept is in memory; one of another version is emptied.

    Raises:
        sqlite3.Error: it cannot even be in memory.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _connect(file, version), None
        except sqlite3.DatabaseError as error:
            if _code(error) not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            _remove(file)
            return _connect(file, version), (
                f"The fingerprints in {file} were damaged, so they are made anew; code of files"
                " that are gone is not among them."
            )
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return _connect(None, version), (
            f"The fingerprints of NDA code cannot be kept in {file} ({why}), so each start"
            " makes them anew; see to that file and its folder."
        )


def pragma(database: sqlite3.Connection, name: str) -> int:
    """The value of one of SQLite's settings that is a number."""
    value: int = database.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _connect(file: Path | None, version: int) -> sqlite3.Connection:
    if file is not None:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        file.chmod(0o600)
    database = sqlite3.connect(
        file or ":memory:", timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(database, version)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, version: int) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute("BEGIN IMMEDIATE")
    mark, known = (pragma(database, name) for name in ("application_id", "user_version"))
    tables = [
        name
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
    ]
    if mark != _MARK and (mark or tables):
        raise sqlite3.OperationalError("that is another program's")
    if not tables or known != version:
        for table in tables:
            database.execute(f'DROP TABLE "{table}"')
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {_MARK}")
        database.execute(f"PRAGMA user_version = {version}")
    database.execute(_LOG)
    database.execute("COMMIT")


def _remove(file: Path) -> None:
    with file.open("rb") as start:
        head = start.read(_MARK_AT + 4)
    if head[_MARK_AT:] != _MARK.to_bytes(4, "big"):
        raise FileExistsError(0, "that is another program's")
    for suffix in ("-wal", "-shm", ""):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code (https://www.sqlite.org/rescode.html).
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
