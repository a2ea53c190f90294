"""What was added to fingerprints lately, so that a text which was compared before is held against that alone.

A row for each addition, with those of its hashes that were not stored before it. Where the rows do not
reach back so far, since too much was added, nobody can tell, and all is to be compared anew.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING

from twolane_server.border.print_sieve import newest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from twolane_server.border.print_sieve import Newest

__all__ = ["added", "forget", "not_stored", "note"]

_MOST_ASKED = 50_000  # hashes of one addition: more is no file that somebody edits
_MOST_NEW = 4_096  # of these
_KEPT = 64  # additions: together 2 MB at most, and a few KB where people type
_AT_ONCE = 1_000  # as JSON


def not_stored(database: sqlite3.Connection, hashes: Sequence[int]) -> array[int] | None:
    """Those of some hashes that are about to be added for the first time; `None` for too many.

    Args:
        database: in a transaction.
        hashes: what will be added.
    """
    if len(hashes) > _MOST_ASKED:
        return None
    stored = set[int]()
    for start in range(0, len(hashes), _AT_ONCE):
        part = json.dumps(hashes[start : start + _AT_ONCE])
        stored.update(
            hash_
            for (hash_,) in database.execute(
                "SELECT hash FROM json_each(?) CROSS JOIN prints ON hash = value", (part,)
            )
        )
    new = array("q", set(hashes) - stored)
    return new if len(new) <= _MOST_NEW else None


def note(database: sqlite3.Connection, since: Newest, until: Newest, new: array[int]) -> None:
    """Keep what an addition has added.

    Args:
        database: in the transaction of the addition.
        since: what was newest before it.
        until: what is newest after it.
        new: by `not_stored`; in this machine's byte order, which the file never leaves.
    """
    row = (until.edition, since.edition, new.tobytes())
    database.execute("INSERT INTO added VALUES (?, ?, ?)", row)
    database.execute(
        "DELETE FROM added WHERE edition NOT IN"
        " (SELECT edition FROM added ORDER BY edition DESC LIMIT ?)",
        (_KEPT,),
    )


def added(database: sqlite3.Connection, since: Newest) -> array[int] | None:
    """All hashes that are stored and were not at a moment, and maybe some more; `None` if nobody knows.

    Args:
        database: in a transaction.
        since: what was newest at that moment.
    """
    now, at, found = newest(database), since.edition, array("q")
    if now.schema != since.schema:
        return None
    rows: Iterable[tuple[int, int, bytes]] = ()
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'added'").fetchone():
        rows = database.execute("SELECT * FROM added WHERE edition > ? ORDER BY edition", (at,))
    for edition, before, hashes in rows:
        if before != at:
            return None
        found.frombytes(hashes)
        at = edition
    return found if at == now.edition else None


def forget(database: sqlite3.Connection) -> None:
    """Forget all of it, since some of it is to be forgotten."""
    database.execute("DELETE FROM added")
