"""The fingerprints on disk: SQLite, a row for each hash and file, which its owner alone can read.

What a file no longer holds keeps its rows with the version that had it last, until `expire`. So a
line that was cut from a file under NDA an hour ago is still known.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from twolane_server.border import print_log
from twolane_server.border.print_file import Outdated, found, opened, pragma
from twolane_server.border.print_sieve import Newest, Sieve, newest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

__all__ = ["Edition", "Hit", "PrintStore", "read_key"]

KEY_BYTES = 32
_LAYOUT = 2
_AT_ONCE = 1_000  # as JSON, which SQLite takes in faster than variables
_RELEASED = "UPDATE about SET released = released + 1"
_FIND = (
    "SELECT hash, editions.path, line FROM json_each(?) CROSS JOIN prints ON hash = value"
    " JOIN editions ON editions.id = edition"
)


class Edition(NamedTuple):
    """A file under NDA at one content.

    Attributes:
        path: how people see it.
        digest: of its bytes.
        lines: for each hash the 1-based line where it starts.
    """

    path: str
    digest: bytes
    lines: Mapping[int, int]


class Hit(NamedTuple):
    """A hash that is known.

    Attributes:
        hash: the hash.
        path: the file that has or had it.
        line: where, 1-based.
    """

    hash: int
    path: str
    line: int


def read_key(file: Path) -> bytes:
    """The user's key for fingerprints: 32 random bytes that its owner alone can read.

    It is made where there is none, and anew where it is damaged; then old fingerprints are useless.

    Raises:
        OSError: it can neither be read nor made.
    """
    with suppress(FileNotFoundError):
        file.chmod(0o600)
        if len(key := file.read_bytes()) == KEY_BYTES:
            return key
        file.unlink()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, fresh = mkstemp(dir=file.parent)  # which only the owner can read
    try:
        with os.fdopen(descriptor, "wb") as made:
            made.write(secrets.token_bytes(KEY_BYTES))
        with suppress(FileExistsError):  # another process was faster: then its key it is
            os.link(fresh, file)
    finally:
        Path(fresh).unlink()
    return file.read_bytes()


class PrintStore:
    """The rows of one repository. Any thread may use it.

    Every method but `close` raises `sqlite3.Error` when the database fails.

    Args:
        file: the database; made, with its folder, where it is not there.
        version: of all that hashes depend on, the key included. Rows of another are dropped.
        ours: whether to make it; another repository's is only asked, and must be there.

    Raises:
        Outdated: it is not ours, and of another version.
        sqlite3.Error: it is not ours, and cannot be read.

    Attributes:
        problem: a sentence for the person when the rows were lost or cannot be kept; or `None`.
    """

    def __init__(self, file: Path, version: str, *, ours: bool = True) -> None:
        self._version = crc32(f"{_LAYOUT} {version}".encode()) & 0x7FFFFFFF
        self._lock = threading.Lock()
        self._sieve = Sieve()
        # And the version of the data then, which changes with what others write, but not with ours.
        self._newest: tuple[int, Newest] | None = None
        self.problem: str | None = None
        if ours:
            self._database, self.problem = opened(file, self._version)
        else:
            self._database = found(file, self._version)

    def live(self) -> dict[str, bytes]:
        """The digest of each file that is there as far as is known."""
        with self._using("DEFERRED") as database:
            rows = database.execute("SELECT path, digest FROM editions WHERE ended IS NULL")
            return {os.fsdecode(path): digest for path, digest in rows}

    def put(self, editions: Iterable[Edition], now: int) -> None:
        """Add editions, each in the place of the last one of its path: all of them, or none."""
        rows: list[tuple[int, int, int, int]] = []
        with self._using() as database:
            since = newest(database)
            for path, digest, lines in editions:
                name = os.fsencode(path)
                known = database.execute("SELECT file FROM editions WHERE path = ?", (name,))
                first: tuple[int] | None = known.fetchone()
                self._end(database, [name], now)
                number = database.execute(
                    "INSERT INTO editions (file, path, digest) VALUES (?, ?, ?)",
                    (first[0] if first else None, name, digest),
                ).lastrowid
                assert number is not None
                file = first[0] if first else number
                database.execute("UPDATE editions SET file = ? WHERE id = ?", (file, number))
                rows += [(hash_, file, number, line) for hash_, line in lines.items()]
            rows.sort()  # so that neighbours in the table are written together
            new = print_log.not_stored(database, [hash_ for hash_, *_ in rows])
            database.executemany(
                "INSERT INTO prints VALUES (?, ?, ?, ?) ON CONFLICT (hash, file) DO UPDATE"
                " SET edition = excluded.edition, line = excluded.line",
                rows,
            )
            until = newest(database)
            if new is not None and until != since:
                print_log.note(database, since, until, new)
        with self._lock:
            every = (hash_ for hash_, *_ in rows)
            self._sieve.added(every if new is None else new, since, until)

    def end(self, paths: Iterable[str], now: int) -> None:
        """Note that files are gone; their rows stay."""
        with self._using() as database:
            self._end(database, map(os.fsencode, paths), now)

    def expire(self, before: int) -> None:
        """Drop what has been gone since before a time, in seconds of the epoch."""
        with self._using() as database:
            old = "SELECT id FROM editions WHERE ended < ?"
            if database.execute(old, (before,)).fetchone():
                print_log.forget(database)
                database.execute(f"DELETE FROM prints WHERE edition IN ({old})", (before,))  # noqa: S608 - our own words
                database.execute("DELETE FROM editions WHERE ended < ?", (before,))

    def forget(self, paths: Iterable[str]) -> None:
        """Drop all that files have or had."""
        with self._using() as database:
            if files := _files(database, paths):
                those = "(SELECT value FROM json_each(?))"
                database.execute(_RELEASED)
                print_log.forget(database)
                database.execute(f"DELETE FROM prints WHERE file IN {those}", (files,))  # noqa: S608 - our own words
                database.execute(f"DELETE FROM editions WHERE file IN {those}", (files,))  # noqa: S608 - the same

    def forget_hashes(self, paths: Iterable[str], hashes: Iterable[int]) -> None:
        """Drop some hashes of what files have or had; the rest stays."""
        wanted = json.dumps(sorted(set(hashes)))
        with self._using() as database:
            if files := _files(database, paths):
                database.execute(_RELEASED)
                print_log.forget(database)
                database.execute(
                    "DELETE FROM prints WHERE hash IN (SELECT value FROM json_each(?))"
                    " AND file IN (SELECT value FROM json_each(?))",
                    (wanted, files),
                )

    def find(self, hashes: Iterable[int], enough: int | None = None) -> list[Hit]:
        """The files that have or had one of some hashes; all, or at least as many as are enough."""
        hits: list[Hit] = []
        with self._using("DEFERRED") as database:
            wanted = sorted(set(self._sieve.passing(database, list(hashes))))
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                rows: Sequence[tuple[int, bytes, int]] = database.execute(
                    _FIND, (json.dumps(part),)
                ).fetchall()
                hits += [Hit(hash_, os.fsdecode(path), line) for hash_, path, line in rows]
                if enough is not None and len(hits) >= enough:
                    break
        return hits

    def expect_many(self) -> None:
        """Get ready for many questions, which takes up to a second; else some question has to wait."""
        with self._using("DEFERRED") as database:
            self._sieve.fill(database)

    def newest(self) -> Newest:
        """What was added and opened last, by whichever process."""
        with self._lock:
            # Asked a dozen times a request: one question to SQLite tells whether anybody else wrote.
            last = self._newest
            if last is not None and last[0] == pragma(self._database, "data_version"):
                return last[1]
        with self._using("DEFERRED") as database:
            now = pragma(database, "data_version"), newest(database)
            self._newest = now
            return now[1]

    def added(self, since: Newest) -> Sequence[int] | None:
        """All hashes that are stored and were not at a moment, and maybe more; `None` if nobody knows.

        Args:
            since: from `newest`, at that moment.
        """
        with self._using("DEFERRED") as database:
            return print_log.added(database, since)

    def note(self, root: Path) -> None:
        """Keep which repository it is about."""
        if self.root() != root:
            with self._using() as database:
                database.execute("UPDATE about SET root = ?", (os.fsencode(root),))

    def root(self) -> Path | None:
        """The folder of the repository that it is about, as far as that was ever noted."""
        with self._using("DEFERRED") as database:
            row = database.execute("SELECT root FROM about").fetchone()
        return Path(os.fsdecode(row[0])) if row[0] is not None else None

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, suppress(sqlite3.Error):
            self._database.close()

    @staticmethod
    def _end(database: sqlite3.Connection, names: Iterable[bytes], now: int) -> None:
        database.executemany(
            "UPDATE editions SET ended = ? WHERE path = ? AND ended IS NULL",
            [(now, name) for name in names],
        )

    @contextmanager
    def _using(self, how: str = "IMMEDIATE") -> Generator[sqlite3.Connection]:
        """A transaction, on rows that are of our version."""
        with self._lock:
            self._newest = self._newest if how == "DEFERRED" else None
            self._database.execute(f"BEGIN {how}")
            try:
                if pragma(self._database, "user_version") != self._version:
                    # A process of another version has made them anew meanwhile.
                    raise Outdated("the rows are of another version")
                yield self._database
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.rollback()


def _files(database: sqlite3.Connection, paths: Iterable[str]) -> str | None:
    """The numbers of the files that are known of some paths, as JSON."""
    query = "SELECT DISTINCT file FROM editions WHERE path = ?"
    names = map(os.fsencode, paths)
    files = [file for name in names for (file,) in database.execute(query, (name,))]
    return json.dumps(files) if files else None
