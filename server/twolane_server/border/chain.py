"""The ledger's chain, as values: every entry holds the hash of the one before it.

An entry that was edited, removed or moved breaks the chain at its place. Entries removed from the
end leave a whole but shorter chain; so the head, the last entry's number and hash, is also kept
outside the database. What this cannot show is a database and a head that were both rewritten by
someone who may write to them: the chain is evidence against accidents and against edits by hand,
not a signature.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["GENESIS", "START", "Entry", "Head", "Verdict", "canonical", "follow", "judge"]

GENESIS = "0" * 64
"""Stands where the first entry has no hash before it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain.

    Attributes:
        seq: the last entry's number; entries count from 1.
        hash: its hash, SHA-256 in hexadecimal.
    """

    seq: int
    hash: str


START = Head(0, GENESIS)
"""The head of a chain without entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is stored. Someone may have tampered with it, so any field may hold anything.

    Attributes:
        seq: its number, from 1 without holes.
        kind: `send` or `outcome`.
        payload: canonical JSON.
        prev: the hash of the entry before it.
        hash: SHA-256 of all of these.
    """

    seq: object
    kind: object
    payload: object = field(repr=False)
    prev: object
    hash: object


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a ledger is whole.

    Attributes:
        entries: how many entries were read and found good.
        bad: the number of the first entry that is not as it was written; `None` for a whole ledger.
        why: what is wrong with it, fit to stand behind a colon; empty for a whole ledger.
        hash: of the last good entry; it stands for all of them.
    """

    entries: int
    bad: int | None = None
    why: str = ""
    hash: str = field(default=GENESIS, compare=False)

    @property
    def whole(self) -> bool:
        """Whether nothing was edited, removed, moved or cut off."""
        return self.bad is None


def canonical(payload: Mapping[str, object]) -> str:
    """JSON in one spelling: sorted keys, no spaces, ASCII only, so that text can never be garbled.

    Raises:
        ValueError: a number in it is not finite.
    """
    return json.dumps(
        payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def follow(head: Head, kind: str, payload: str) -> Entry:
    """The entry that comes after `head`."""
    seq = head.seq + 1
    return Entry(seq, kind, payload, head.hash, _digest(head.hash, seq, kind, payload))


def judge(entries: Iterable[Entry], kept: Head | None) -> Verdict:
    """Read a chain from its start and compare it with the head that was kept outside.

    Args:
        entries: in the order of their numbers.
        kept: the outside head, read before the entries, so that it is never ahead of them by rights;
            `None` when it is missing. It may be behind: the machine may have stopped between the
            two, and then only the entries after it are not protected against being cut off.
    """
    head, at_kept = START, START.hash
    for entry in entries:
        expected = head.seq + 1
        why = _fault(entry, head)
        if why:
            return Verdict(head.seq, expected, why, head.hash)
        head = Head(expected, str(entry.hash))
        if kept is not None and kept.seq == expected:
            at_kept = head.hash
    if kept is None:
        return Verdict(
            head.seq, head.seq + 1, "ledger.head is missing or cannot be read", head.hash
        )
    if kept.seq > head.seq:
        return Verdict(
            head.seq,
            head.seq + 1,
            f"ledger.head knows {kept.seq:,} entries, the database holds {head.seq:,}",
            head.hash,
        )
    if at_kept != kept.hash:
        return Verdict(kept.seq - 1, max(kept.seq, 1), "it is not the entry that ledger.head knows")
    return Verdict(head.seq, hash=head.hash)


def _fault(entry: Entry, head: Head) -> str:
    expected = head.seq + 1
    if type(entry.seq) is not int or entry.seq != expected:
        return "it is missing" if _later(entry.seq, expected) else "its number is not the next one"
    if not (isinstance(entry.kind, str) and isinstance(entry.payload, str)):
        return "it is not text"
    if entry.prev != head.hash:
        return "it does not follow the entry before it"
    if entry.hash != _digest(head.hash, expected, entry.kind, entry.payload):
        return "its content is not what was written"
    return ""


def _later(seq: object, expected: int) -> bool:
    return isinstance(seq, int) and seq > expected


def _digest(prev: str, seq: int, kind: str, payload: str) -> str:
    # Neither number nor kind can hold a line end, so no two entries share these bytes.
    stored = f"{prev}\n{seq}\n{kind}\n{payload}"
    return hashlib.sha256(stored.encode("utf-8", "surrogatepass")).hexdigest()
