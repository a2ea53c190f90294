"""The ledger: an entry on disk before every send, and one after, each chained to the last.

`ledger.sqlite` only ever grows (WAL, synchronous FULL). The chain's head is also kept in
`ledger.head`: it is put there after each commit and under the database's write lock, so with several
processes it never falls back. A ledger found shorter than its head is not written any more, since
the next entry would hide what was cut off.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from twolane_server.border import store
from twolane_server.border.chain import START, Entry, Head, Verdict, follow, judge
from twolane_server.border.head import HEAD, Heads, read_head, remove_left
from twolane_server.border.records import Row, load
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from twolane_server.border.records import Outcome, Sending

__all__ = ["Ledger", "read_rows", "verify"]

_WAIT_SECONDS = 5.0
_MOST_LOG = 4 << 20
_MOST_LOG_PAGES = 16_384  # from where on SQLite takes it in by itself, whoever waits


class Ledger:
    """A ledger that is open for writing. Threads may share one; processes may share its folder.

    Its calls wait for the disk and for other processes: in async code, run them in a thread.
    """

    def __init__(self, folder: Path, database: sqlite3.Connection) -> None:
        self._folder = folder
        self._database = database
        database.execute(f"PRAGMA wal_autocheckpoint = {_MOST_LOG_PAGES}")
        self._identity = store.identity(folder)
        self._lock = threading.Lock()
        self._heads = Heads(folder)
        self._logged = store.log_bytes(folder)

    @classmethod
    def open(cls, folder: Path, *, wait: float = _WAIT_SECONDS) -> Ledger:
        """Open the ledger in `folder`, and make it where there is none.

        Args:
            folder: the ledger's own; nobody else may look into it (mode 0700).
            wait: how many seconds to wait for another process.

        Raises:
            LedgerError: it cannot be written, or it is shorter than it was.
        """
        store.create(folder, wait)
        remove_left(folder)
        with store.explained(folder), ExitStack() as undo:
            ledger = cls(folder, undo.enter_context(closing(store.open_database(folder, wait))))
            ledger._expect_whole_end()
            undo.pop_all()
        return ledger

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._folder

    def before_send(self, sending: Sending, allowed: Callable[[], None] = lambda: None) -> int:
        """Record a request that is about to go out; returns its number once it is on disk.

        Args:
            sending: the request.
            allowed: asked while nobody else can write, in this process or another: what it reads of
                the ledger still holds when the entry is written. What it raises holds the request.

        Raises:
            LedgerError: it could not be recorded, so the request must not go out.
        """
        return self._append("send", sending.payload(), allowed)

    def outcome(self, seq: int, outcome: Outcome) -> None:
        """Record how the request with the number `seq` ended.

        Raises:
            LedgerError: it could not be recorded.
        """
        self._append("outcome", outcome.payload(seq))
        if self._logged > _MOST_LOG:  # now, as no request waits for it
            with self._lock, store.explained(self._folder):
                self._logged = 0
                store.take_in_log(self._database)

    def rows(self) -> Iterator[Row]:
        """Every sending with its outcome; see `read_rows`."""
        return read_rows(self._folder)

    def verify(self) -> Verdict:
        """Whether the ledger is whole; see the function `verify`."""
        return verify(self._folder)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._heads.close()
            self._database.close()

    def _append(self, kind: str, payload: str, allowed: Callable[[], None] = lambda: None) -> int:
        with self._lock, store.explained(self._folder):
            self._heads.settle()
            with store.writing(self._database):
                allowed()
                entry = follow(self._expect_whole_end(), kind, payload)
                self._database.execute(
                    "INSERT INTO entries (seq, kind, payload, prev, hash) VALUES (?, ?, ?, ?, ?)",
                    (entry.seq, entry.kind, entry.payload, entry.prev, entry.hash),
                )
                self._logged += len(payload)
                self._heads.begin(self._end())
            # The lock once more, for the head: it must not go out before the commit, and with the
            # lock nobody can set it back to an older entry.
            with store.writing(self._database):
                self._heads.put(self._end())
            return int(str(entry.seq))

    def _expect_whole_end(self) -> Head:
        # The head first: another process may add an entry between the two.
        kept = read_head(self._folder)
        known = None if kept is None else self._hash(kept.seq)
        if kept is None or known != kept.hash or store.identity(self._folder) != self._identity:
            raise LedgerError(
                f"The ledger in {self._folder} is not whole; `twolane ledger verify` says where. "
                "Move that folder away to start a new ledger, and keep it as evidence."
            )
        return self._end()

    def _hash(self, seq: int) -> str | None:
        if seq == START.seq:
            return START.hash
        found = self._database.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return None if found is None else str(found[0])

    def _end(self) -> Head:
        found = self._database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
        row = found.fetchone()
        return START if row is None else Head(row[0], row[1])


def verify(folder: Path) -> Verdict:
    """Read the whole ledger and say whether anything was edited, removed, moved or cut off.

    A folder without a ledger is whole: nothing was ever recorded there.

    Raises:
        LedgerError: it cannot be read at all, for reasons that lie outside it.
    """
    with store.explained(folder):
        # The head first: it must not be ahead of what is read.
        kept = read_head(folder)
        fresh = not (folder / HEAD).exists()
        if not (folder / store.DATABASE).exists():
            return judge([], START if fresh else kept)
        try:
            with store.reading(folder, _WAIT_SECONDS) as database:
                if not store.has_table(database):
                    return judge([], START if fresh else kept)
                return judge(store.entries(database), kept)
        except sqlite3.DatabaseError as error:
            if not store.is_damage(error):
                raise
            return Verdict(0, 1, "the database is damaged, so no entry in it can be vouched for")


def read_rows(folder: Path, *, last: int | None = None) -> Iterator[Row]:
    """Every sending with its outcome, oldest first; nothing for a folder without a ledger.

    Args:
        folder: where the ledger is.
        last: the number of the last entry to read, so that what comes in meanwhile is left out.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    with store.explained(folder):
        if not (folder / store.DATABASE).exists():
            return
        with store.reading(folder, _WAIT_SECONDS) as database:
            if not store.has_table(database):
                return
            ends = {
                load(_number(entry), str(entry.payload)).get("send"): str(entry.payload)
                for entry in store.entries(database, "outcome", last)
            }
            for entry in store.entries(database, "send", last):
                seq = _number(entry)
                yield Row.of(seq, str(entry.payload), ends.get(seq), str(entry.hash))


def _number(entry: Entry) -> int:
    return entry.seq if isinstance(entry.seq, int) else 0
