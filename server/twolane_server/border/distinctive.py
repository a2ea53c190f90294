"""What a file under NDA is recognised by, and no other: neither what is everybody's nor a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.border.notices import without_notice
from twolane_server.border.prints import GRAM, Kind, prints_under
from twolane_server.border.public import KEYLESS, everyday, public, short
from twolane_server.border.tokens import lines
from twolane_server.border.wholes import whole

if TYPE_CHECKING:
    from twolane_server.border.prints import Hasher

__all__ = ["RULES", "distinctive", "tells"]

RULES = 3
"""Of `distinctive`; whoever changes them has all files read anew."""

_WHOLE = 100_000  # hashes of one kind in a file, some 20,000 lines: more is data
_SAMPLED = 0x7  # which of those after them are kept: those without these bits, one in eight


def tells(text: str) -> bool:
    """Whether a text says whose it is: not so what is everybody's."""
    return bool(distinctive(text, KEYLESS))


def distinctive(text: str, hasher: Hasher) -> dict[int, int]:
    """What a file under NDA is recognised by: each hash that is not public, with its first line.

    A licence notice at the file's start is left out; see `notices`. A file that is too short for a gram
    is recognised where another is the same in whole; see `wholes`. Of a file with more than 100,000
    tokens, which nobody wrote by hand, only every eighth hash after those is kept: there a copy of
    five lines is still found nearly always, one of 16 tokens seldom.
    """
    short_one = whole(text, hasher)
    every = list(lines(without_notice(text)))
    keyed, open_ = prints_under(every, (hasher, KEYLESS), declared=True)
    everybodys = public()
    plain = everyday((token for line in every for token in line.tokens), GRAM)
    found: dict[int, int] = dict.fromkeys(short_one, 1)
    for ours, theirs in zip(keyed, open_, strict=True):
        dull = plain if ours.kind is Kind.GRAM else [False] * len(ours.hashes)
        rows = enumerate(zip(ours.hashes, theirs.hashes, ours.rows, dull, strict=True))
        for number, (hash_, known, line, skip) in rows:
            kept = number < _WHOLE or not hash_ & _SAMPLED
            if kept and not skip and short(known) not in everybodys:
                found.setdefault(hash_, line)
    return found
