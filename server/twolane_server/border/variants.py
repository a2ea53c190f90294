"""Several texts that are nearly the same, each piece of them read once.

A prompt is asked about as it is, without its line numbers, without one side of a diff, unescaped. What
of these differs is seldom more than some lines. Pieces of the other texts are cut so that every run
of tokens, however it lies, is whole in some piece, and that no piece has a run that no text has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate, count
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.tokens import Line, all_tokens, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Piece", "Pieces"]

_TRIED = 32  # of the places that a row has, the latest


class Piece(NamedTuple):
    """Some lines of a text.

    Attributes:
        lines: they follow one another, and are numbered within the piece.
        seams: those before which no earlier text goes on as it does here.
        new: those of `seams` that no earlier text has at all.
    """

    lines: list[Line]
    seams: list[int]
    new: list[int]


class Pieces:
    """The pieces of texts that come one after another: of each only what no earlier one had.

    Together they have each line of each text, and each run of up to `reach` tokens.

    Args:
        reach: how many tokens the longest run has that is looked for.
    """

    def __init__(self, reach: int) -> None:
        self._reach = reach
        self._known = _Known()
        self._spelled: dict[str, str] = {}
        self._read: dict[str, list[str]] = {}

    def __len__(self) -> int:
        """How many rows are kept, about."""
        return max(len(self._known), len(self._spelled))

    def of(self, texts: Iterable[str]) -> Iterator[Piece]:
        """The pieces of some more texts; the one that the others are like comes first."""
        known, read = self._known, self._read
        for text in texts:
            found = list(filter(None, _rows(text, self._spelled)))
            fresh = [row for row in dict.fromkeys(found) if row not in read]
            read.update(zip(fresh, all_tokens(fresh), strict=True))
            every = list(map(read.__getitem__, found))
            if not known:  # then all of it is new
                if found:
                    known.add(found)
                    places = list(range(len(found)))
                    yield Piece(list(map(Line, count(1), every)), places, places)
                continue
            counts = list(map(len, every))
            seams = known.seams(found, counts, self._reach)
            new = [seam for seam in seams if found[seam] not in known]
            for start, end in _around(seams, counts, self._reach):
                both = (_within(places, start, end) for places in (seams, new))
                known.add(found[start:end])
                yield Piece(list(map(Line, count(1), every[start:end])), *both)

    def forget(self, size: int) -> None:
        """Forget the pieces that came since there were so many rows, as `mark` told."""
        self._known.forget(size)

    def mark(self) -> int:
        """For `forget`."""
        return len(self._known)

    def shorten(self, most: int) -> None:
        """Keep no more than so many rows, those of the latest pieces; earlier ones are new again."""
        self._known.shorten(most)
        if len(self._spelled) > most:
            self._spelled, self._read = {}, {}


def _rows(text: str, spelled: dict[str, str]) -> list[str]:
    """The text's rows; those that are spelled already are not spelled again."""
    plain = text.replace("\r\n", "\n").split("\n")
    fresh = list(dict.fromkeys(row for row in plain if row not in spelled))
    if fresh:
        made = rows("\n".join(fresh))
        if len(made) != len(fresh):  # some are several rows: by a bare CR, or a line end in HTML
            return rows(text)
        spelled.update(zip(fresh, made, strict=True))
    return list(map(spelled.__getitem__, plain))


def _around(seams: Iterable[int], counts: Sequence[int], reach: int) -> Iterator[tuple[int, int]]:
    """From where to where to read, so that what reaches over a seam is whole.

    Args:
        seams: before which lines, in order.
        counts: the tokens of each line.
        reach: see `Pieces`.
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


def _within(places: Sequence[int], start: int, end: int) -> list[int]:
    """Those of some places that lie in a part, counted from its start."""
    first, last = bisect_left(places, start), bisect_left(places, end)
    return [place - start for place in places[first:last]]


class _Known:
    """The rows of pieces that were read."""

    def __init__(self) -> None:
        self._rows: list[str] = []
        self._places: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: str) -> bool:
        return row in self._places

    def forget(self, size: int) -> None:
        for row in reversed(self._rows[size:]):
            if row:  # the last of its places is the latest
                places = self._places[row]
                places.pop()
                if not places:
                    del self._places[row]
        del self._rows[size:]

    def shorten(self, most: int) -> None:
        if len(self._rows) > most:
            start = self._rows.index("", len(self._rows) - most - 1) + 1
            self._rows, self._places = self._rows[start:], {}
            for place, row in enumerate(self._rows):
                if row:
                    self._places.setdefault(row, []).append(place)

    def add(self, piece: Sequence[str]) -> None:
        for place, row in enumerate(piece, len(self._rows)):
            self._places.setdefault(row, []).append(place)
        self._rows += piece
        self._rows.append("")  # as no row is: nothing reaches from one piece into the next

    def seams(self, found: Sequence[str], counts: Sequence[int], reach: int) -> list[int]:
        """Before which rows what was read does not go on as it does here.

        Args:
            found: the rows of a text.
            counts: the tokens of each.
            reach: no more of what stands before a row matters to it.
        """
        made: list[int] = []
        follows = last = 0
        rows, places = self._rows, self._places
        for place, row in enumerate(found):
            if follows and rows[follows] == row:
                last, follows = follows, follows + 1
                continue
            follows = 0
            there = places.get(row)
            if there is None:
                made.append(place)
                continue
            # What reaches over the last seam is new anyway.
            start = max(made[-1] if made else 0, place - reach)
            wanted = self._wanted(found[start:place], counts[start:place], reach)
            same = self._like(there[-_TRIED:], wanted)
            if same is None:
                made.append(place)
                # Like texts have the same in the same order, so most likely it is one behind the last.
                same = there[bisect_right(there, last) % len(there)]
            last, follows = same, same + 1
        return made

    @staticmethod
    def _wanted(before: Sequence[str], counts: Sequence[int], reach: int) -> Sequence[str]:
        """The last of some rows that a run of tokens that ends behind them may reach back into."""
        start, tokens = len(before), 0
        while start and tokens < reach - 1:
            start -= 1
            tokens += counts[start]
        return before[start:]

    def _like(self, there: Sequence[int], before: Sequence[str]) -> int | None:
        """The first of some places before which these rows stand."""
        if not before:
            return there[0]
        rows, count, last = self._rows, len(before), before[-1]
        for place in there:  # most have another row before them already
            if rows[place - 1] == last and place >= count and rows[place - count : place] == before:
                return place
        return None
