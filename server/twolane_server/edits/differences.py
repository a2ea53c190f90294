"""Where two lists of lines differ, soon also where they are long and most of their lines alike.

`difflib` compares each line with all that are equal to it: with some thousand blank lines that takes
seconds, in which nothing else is answered. Here lines that stand once on both sides part the lists
first ("patience"), and `difflib` compares what is between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Difference", "differences"]

_MOST_PAIRS = 1_000_000


class Difference(NamedTuple):
    """Rows `first` to before `last` of the old lines become `start` to before `end` of the new ones."""

    first: int
    last: int
    start: int
    end: int


def differences(old: Sequence[str], new: Sequence[str]) -> list[Difference]:
    """The differences in order, none touching the next; all between them is equal."""
    found: list[Difference] = []
    for one in _between(old, new, Difference(0, len(old), 0, len(new))):
        if found and (found[-1].last, found[-1].end) == (one.first, one.start):
            found[-1] = found[-1]._replace(last=one.last, end=one.end)
        else:
            found.append(one)
    return found


def _between(old: Sequence[str], new: Sequence[str], part: Difference) -> Iterator[Difference]:
    """The differences within a part, in order; two may touch."""
    parts = [part]
    while parts:
        part = _without_equal_ends(old, new, parts.pop())
        pairs = _pairs(old, new, part) if part.first < part.last and part.start < part.end else []
        if pairs:
            # From the last to the first, so that the first is done next.
            last, end = part.last, part.end
            for row, place in reversed(pairs):
                parts.append(Difference(row + 1, last, place + 1, end))
                last, end = row, place
            parts.append(Difference(part.first, last, part.start, end))
        else:
            yield from _compared(old, new, part)


def _without_equal_ends(old: Sequence[str], new: Sequence[str], part: Difference) -> Difference:
    first, last, start, end = part
    while first < last and start < end and old[first] == new[start]:
        first, start = first + 1, start + 1
    while first < last and start < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
    return Difference(first, last, start, end)


def _pairs(old: Sequence[str], new: Sequence[str], part: Difference) -> list[tuple[int, int]]:
    """Rows of lines that stand once on both sides, as many as keep their order."""
    there = Counter(old[part.first : part.last])
    then = Counter(new[part.start : part.end])
    rows = {old[row]: row for row in range(part.first, part.last) if there[old[row]] == 1}
    found = [
        (rows[line], place)
        for place in range(part.start, part.end)
        if then[line := new[place]] == 1 and line in rows
    ]
    tops: list[int] = []  # of the runs of each length so far, the least last row
    runs: list[tuple[int, int]] = []  # and which pair that is
    before: list[int] = []
    for number, (row, _) in enumerate(found):
        length = bisect_left(tops, row)
        before.append(runs[length - 1][1] if length else -1)
        tops[length : length + 1] = [row]
        runs[length : length + 1] = [(row, number)]
    pairs: list[tuple[int, int]] = []
    number = runs[-1][1] if runs else -1
    while number >= 0:
        pairs.append(found[number])
        number = before[number]
    return pairs[::-1]


def _compared(old: Sequence[str], new: Sequence[str], part: Difference) -> Iterator[Difference]:
    first, last, start, end = part
    if first == last and start == end:
        return
    if (last - first) * (end - start) > _MOST_PAIRS:
        yield part
        return
    steps = SequenceMatcher(None, old[first:last], new[start:end], autojunk=False).get_opcodes()
    for kind, i, k, m, n in steps:
        if kind != "equal":
            yield Difference(first + i, first + k, start + m, start + n)
