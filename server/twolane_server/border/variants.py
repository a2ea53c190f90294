"""Several texts that are nearly the same, each piece of them read once.

A prompt is asked about as it is, without its line numbers, without one side of a diff, unescaped. What
of these differs is seldom more than some lines. Pieces of the other texts are cut so that every run
of tokens, however it lies, is whole in some piece, and that no piece has a run that no text has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from twolane_server.border.tokens import Line, rows, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["pieces"]


def pieces(texts: Iterable[str], reach: int) -> Iterator[list[Line]]:
    """Lines that follow one another in one of the texts, numbered within the piece.

    Together they have each line of each text, and each run of up to `reach` tokens.

    Args:
        texts: the one that the others are like comes first.
        reach: how many tokens the longest run has that is looked for.
    """
    known = _Known()
    spelled: dict[str, str] = {}
    read: dict[str, list[str]] = {}
    for text in texts:
        found = [row for row in _rows(text, spelled) if row]
        read.update((row, tokens(row)) for row in found if row not in read)
        spans: Iterable[tuple[int, int]] = [(0, len(found))]
        if known:
            counts = [len(read[row]) for row in found]
            spans = _around(known.seams(found), counts, reach)
        for start, end in spans:
            known.add(found[start:end])
            yield [Line(number, read[row]) for number, row in enumerate(found[start:end], 1)]


def _rows(text: str, spelled: dict[str, str]) -> list[str]:
    """The text's rows; those that are spelled already are not spelled again."""
    plain = text.replace("\r\n", "\n").split("\n")
    fresh = [row for row in dict.fromkeys(plain) if row not in spelled]
    if fresh:
        made = rows("\n".join(fresh))
        if len(made) != len(fresh):  # some are several rows: by a bare CR, or a line end in HTML
            return rows(text)
        spelled.update(zip(fresh, made, strict=True))
    return [spelled[row] for row in plain]


def _around(seams: Iterable[int], counts: Sequence[int], reach: int) -> Iterator[tuple[int, int]]:
    """From where to where to read, so that what reaches over a seam is whole.

    Args:
        seams: before which lines, in order.
        counts: the tokens of each line.
        reach: see `pieces`.
    """
    before = [0, *accumulate(counts)]
    begin = end = 0
    for seam in seams:
        start = max(0, bisect_right(before, before[seam] - reach + 1) - 1)
        if start > end:
            if end:
                yield begin, end
            begin = start
        end = min(len(counts), bisect_left(before, before[seam] + reach - 1, seam + 1))
    if end:
        yield begin, end


class _Known:
    """The rows of pieces that were read."""

    def __init__(self) -> None:
        self._rows: list[str] = []
        self._places: dict[str, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, piece: Sequence[str]) -> None:
        for place, row in enumerate(piece, len(self._rows)):
            self._places.setdefault(row, []).append(place)
        self._rows += piece
        self._rows.append("")  # as no row is: nothing reaches from one piece into the next

    def seams(self, found: Sequence[str]) -> list[int]:
        """Before which rows what was read does not go on as it does here."""
        made: list[int] = []
        follows = last = 0
        for place, row in enumerate(found):
            if follows and self._rows[follows] == row:
                last, follows = follows, follows + 1
                continue
            there = self._places.get(row)
            if place or not there:  # nothing stands before the first
                made.append(place)
            follows = 0
            if there:
                # Like texts have the same in the same order, so most likely it is one behind the last.
                last = there[bisect_right(there, last) % len(there)]
                follows = last + 1
        return made
