"""From ranked definitions to pieces of text within a budget of tokens.

First the signature of everything, the surest first; then whole definitions, the shortest first,
since each one that fits is one more that the model need not guess. Nothing is cut inside a
definition: a class that is too long is shown up to the end of its first members.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.definitions import Kind
from twolane_context.rank import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twolane_context.outline import Outline
    from twolane_context.rank import Candidate

# About what a person reads of a class before its methods: its attributes and how it is made.
_OPENING_ROWS = 60
# More characters a token than code has: what is longer than so many need not be counted.
_MOST_CHARACTERS = 7
_HOLDERS = frozenset({Kind.CLASS, Kind.IMPL, Kind.TRAIT, Kind.INTERFACE, Kind.STRUCT, Kind.MODULE})


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a file that a model should see.

    Attributes:
        path: within the repository.
        start_line: 1-based, inclusive.
        end_line: 1-based, inclusive.
        text: those lines; ends with LF.
        tokens: what the text costs.
    """

    path: str
    start_line: int
    end_line: int
    text: str = field(repr=False)
    tokens: int


def pack(
    candidates: Sequence[Candidate],
    budget: int,
    count: Callable[[str], int],
    lines_of: Callable[[str], Sequence[str]],
) -> list[Piece]:
    """The pieces that fit, best first; together at most `budget` tokens.

    Args:
        candidates: what is needed, the surest first.
        budget: in tokens.
        count: counts the tokens of a text.
        lines_of: the lines of a file, without their ends.
    """
    left = budget
    chosen: dict[int, Piece] = {}

    def grow(place: int, last: int) -> None:
        nonlocal left
        path, first = candidates[place].file.path, candidates[place].symbol.start
        text = "\n".join([*lines_of(path)[first : last + 1], ""])
        before = chosen[place].tokens if place in chosen else 0
        if len(text) > _MOST_CHARACTERS * (left + before):
            return
        tokens = count(text)
        if tokens - before <= left:
            left -= tokens - before
            chosen[place] = Piece(path, first + 1, last + 1, text, tokens)

    needs = [place for place, one in enumerate(candidates) if one.tier is not Tier.CALLER]
    for place in needs:
        grow(place, candidates[place].symbol.head)
    longer = [
        (last - candidates[place].symbol.start, place, last)
        for place in chosen
        for last in _ends(candidates[place])
        if last > candidates[place].symbol.head
    ]
    for _, place, last in sorted(longer):
        grow(place, last)
    for place in range(len(needs), len(candidates)):
        grow(place, candidates[place].symbol.head)
    return [chosen[place] for place in sorted(chosen)]


def _ends(candidate: Candidate) -> tuple[int, ...]:
    """The rows at which a definition may end: its last, and for a long class that of its opening."""
    symbol = candidate.symbol
    if symbol.kind in _HOLDERS and symbol.end - symbol.start > _OPENING_ROWS:
        opening = _opening(candidate.file.outline, candidate.symbol_index)
        return (opening, symbol.end)
    return (symbol.end,)


def _opening(outline: Outline, index: int) -> int:
    """The last row of the members that lie wholly in the first rows of a long class."""
    symbol = outline.symbols[index]
    last = symbol.start + _OPENING_ROWS
    ends = [symbol.head]
    for member in outline.symbols[index + 1 :]:
        if member.start > last:
            break
        if member.parent == index and member.end < last:
            ends.append(member.end)
    return max(ends)
