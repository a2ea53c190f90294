"""What changed between two texts, as a model is to read it: new lines with their numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twolane_server.text import Text

__all__ = ["Change", "changes", "cut", "equal_ends"]

_AROUND = 3


@dataclass(frozen=True, slots=True)
class Change:
    """Lines that changed, with some around them.

    Attributes:
        first: the first row of the new text that is shown, 0-based.
        last: the row behind the last one that is shown.
        shown: each line ended by LF: `  12| as it was`, `+ 13| new`, `-   | gone`.
    """

    first: int
    last: int
    shown: str = field(repr=False)


def changes(old: Text, new: Text) -> Iterator[Change]:
    """The changes from one text to another, in order; line endings do not count."""
    before, after = _lines(old), _lines(new)
    start, end = equal_ends(before, after)
    matcher = SequenceMatcher(
        None, before[start : len(before) - end], after[start : len(after) - end]
    )
    for group in _grouped(matcher, start):
        first = max(0, group[0][3] - _AROUND)
        last = min(len(after), group[-1][4] + _AROUND)
        rows: list[str] = []
        at = first
        for _, old_first, old_last, new_first, new_last in group:
            rows += [_row(" ", row, after) for row in range(at, new_first)]
            rows += [f"-{'':>5}| {before[row]}\n" for row in range(old_first, old_last)]
            rows += [_row("+", row, after) for row in range(new_first, new_last)]
            at = new_last
        rows += [_row(" ", row, after) for row in range(at, last)]
        yield Change(first, last, "".join(rows))


def cut(change: Change, most: int) -> Iterator[Change]:
    """A change in pieces of at most so many characters, each of whole lines, one at the least."""
    first = at = change.first
    shown: list[str] = []
    room = most
    for line in change.shown.splitlines(keepends=True):
        if shown and len(line) > room:
            yield Change(first, at, "".join(shown))
            first, shown, room = at, [], most
        shown.append(line)
        room -= len(line)
        at += not line.startswith("-")
    yield Change(first, at, "".join(shown))


def _row(mark: str, row: int, lines: list[str]) -> str:
    return f"{mark}{row + 1:>5}| {lines[row]}\n"


def _lines(text: Text) -> list[str]:
    lines = [line.rstrip("\r\n") for line in text.lines]
    return lines[:-1] if lines[-1] == "" else lines


def equal_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """How many lines are equal at the start and at the end; what is between them is compared."""
    most = min(len(before), len(after))
    start = next((n for n in range(most) if before[n] != after[n]), most)
    most -= start
    end = next((n for n in range(most) if before[-1 - n] != after[-1 - n]), most)
    return start, end


def _grouped(
    matcher: SequenceMatcher[str], start: int
) -> Iterator[list[tuple[str, int, int, int, int]]]:
    """The differences, those together whose surroundings touch."""
    group: list[tuple[str, int, int, int, int]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        if group and c + start - group[-1][4] > 2 * _AROUND:
            yield group
            group = []
        group.append((kind, a + start, b + start, c + start, d + start))
    if group:
        yield group
