"""What says of most hashes that they are not stored, without asking the disk.

A Bloom filter of up to 16 MB: a hash's lowest bits choose its byte, the highest six two bits of it. A
hash whose bits are both set may be stored or not, and the database tells. So it may only hold too
much: what is deleted stays until the next start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.print_file import pragma

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

__all__ = ["Newest", "Sieve", "newest"]

_WORTH = 50_000
"""Hashes that must have been asked for first: to fill it takes as long as some questions do."""

_FEWEST, _MOST = 1 << 16, 1 << 24
_ROOM = 2  # bytes for each hash: then one in about fifty passes though it is not stored
_TOP = 58  # above it are six bits; in Python those of a negative number count from the list's end
_BITS = [1 << (top & 7) | 1 << (top >> 3) for top in range(64)]


class Newest(NamedTuple):
    """What was added and opened last.

    Attributes:
        schema: grows when the tables are made anew.
        edition: the number of the last edition; it only grows as long as the tables are the same.
        released: how often the owner's word has opened code; likewise.
    """

    schema: int
    edition: int
    released: int


def newest(database: sqlite3.Connection) -> Newest:
    """What was added last, by whichever process."""
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'editions'").fetchone()
    released: int = database.execute("SELECT released FROM about").fetchone()[0]
    return Newest(pragma(database, "schema_version"), row[0] if row else 0, released)


class Sieve:
    """The slots of one database. Not for several threads at once."""

    def __init__(self) -> None:
        self._slots = bytearray()
        self._held = 0
        self._newest = Newest(0, 0, 0)  # up to which all hashes are in
        self._asked = 0

    def passing(self, database: sqlite3.Connection, hashes: Sequence[int]) -> Sequence[int]:
        """Those of some hashes that may be stored, also by another process.

        Args:
            database: in a transaction, so that nothing is added meanwhile.
            hashes: what is asked for.
        """
        self._asked += len(hashes)
        if self._asked <= _WORTH:
            return hashes
        self._follow(database)
        slots, mask = self._slots, len(self._slots) - 1
        return [
            each
            for each in hashes
            if (there := slots[each & mask]) and there & (bits := _BITS[each >> _TOP]) == bits
        ]

    def fill(self, database: sqlite3.Connection) -> None:
        """Take in all that is stored now, for one who will ask much.

        Args:
            database: in a transaction.
        """
        self._asked = _WORTH + 1
        self._follow(database)

    def added(self, hashes: Iterable[int], since: Newest, now: Newest) -> None:
        """Take in what we have added ourselves, and nobody else, between two moments."""
        if self._slots and self._newest == since:
            self._take(hashes)
            self._newest = now

    def _follow(self, database: sqlite3.Connection) -> None:
        now = newest(database)
        if self._slots and self._newest == now:
            return
        if self._newest.schema != now.schema:
            self._slots, self._held = bytearray(), 0
        if self._slots:
            since = (self._newest.edition,)
            new = database.execute("SELECT hash FROM prints WHERE edition > ?", since)
            self._take(hash_ for (hash_,) in new)
        if not self._slots or self._held * _ROOM > 2 * len(self._slots) < 2 * _MOST:
            count: int = database.execute("SELECT count(*) FROM prints").fetchone()[0]
            size = 1 << (count * _ROOM).bit_length()
            self._slots, self._held = bytearray(max(_FEWEST, min(_MOST, size))), 0
            self._take(hash_ for (hash_,) in database.execute("SELECT hash FROM prints"))
        self._newest = now

    def _take(self, hashes: Iterable[int]) -> None:
        slots, mask, held = self._slots, len(self._slots) - 1, 0
        for each in hashes:
            slots[each & mask] |= _BITS[each >> _TOP]
            held += 1
        self._held += held
