"""A file's change cut into the pieces that a model would write blocks for."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Group", "Piece", "once", "pieces", "slid"]

Group = tuple[int, int, int, int]  # rows that go, and those that come


@dataclass(frozen=True)
class Piece:
    """One change: the lines that a block searches, and what takes their place.

    Attributes:
        first: the row of the first line that changes, in the file as it was.
        last: the row behind the last one that changes.
        search: lines without their ends.
        replace: the same.
    """

    first: int
    last: int
    search: tuple[str, ...]
    replace: tuple[str, ...]


def pieces(before: str, after: str, more: int = 0) -> list[Piece]:
    """The changes of one file, each with so many lines around that it stands only once in it.

    Args:
        before: the file.
        after: what it becomes.
        more: how many lines a block takes in above and below although it need not; they may be those that
            the block before it changes, as they were.
    """
    old, new = before.splitlines(), after.splitlines()
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    groups = slid(old, [(i, k, m, n) for tag, i, k, m, n in steps if tag != "equal"])
    found: list[Piece] = []
    done = 0
    while groups:
        i, k, m, n = groups.pop(0)
        limit = groups[0][0] if groups else len(old)
        above, below = min(more, i - done), min(more, limit - k)
        while not once(old, old[i - above : k + below]):
            if i - above <= done and k + below >= limit:
                break
            above += i - above > done
            below += k + below < limit
        if not once(old, old[i - above : k + below]) and groups:
            groups[0] = (i, groups[0][1], m, groups[0][3])
            continue
        if found and not once(old, old[i - above : k + below]):
            last = found.pop()  # only with what is above it, it has a place of its own
            start = last.first
            at = m - (i - last.last) - _height(last)
            groups.insert(0, (start, k, at, n))
            done = found[-1].last if found else 0
            continue
        search = old[i - above : k + below]
        replace = old[i - above : i] + new[m:n] + old[k : k + below]
        found.append(Piece(i, k, tuple(search), tuple(replace)))
        done = k if more else k + below
    return found


def slid(old: list[str], groups: list[Group]) -> list[Group]:
    """The same changes, what only goes as far down as may be: from its own first line on, as Git has it."""
    found: list[Group] = []
    limits = [one[0] for one in groups[1:]] + [len(old)] * bool(groups)
    for (i, k, m, n), limit in zip(groups, limits, strict=True):
        by = 0
        while m == n and k + by < limit and old[i + by] == old[k + by]:
            by += 1
        found.append((i + by, k + by, m + by, n + by))
    return found


def _height(piece: Piece) -> int:
    """How many lines stand for those that a piece changes."""
    return len(piece.replace) - (len(piece.search) - (piece.last - piece.first))


def once(lines: list[str], part: list[str] | tuple[str, ...]) -> bool:
    """Whether lines stand in a file just once, whatever their indentation."""
    bare = [line.strip() for line in part]
    if not any(bare):
        return False
    all_of_it = [line.strip() for line in lines]
    return sum(all_of_it[n : n + len(bare)] == bare for n in range(len(lines))) == 1
