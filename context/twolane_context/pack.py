"""From ranked definitions to pieces of text within a budget of tokens.

First the signature of everything, the surest first; then whole definitions. The shortest go first,
since each one that fits is one more that the model need not guess, and what stands in the files asked
about goes last, since who asks has these. Nothing is cut inside a definition: a class that is too long
is shown up to the end of its first members.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from twolane_context.definitions import CALLABLES
from twolane_context.question import Tier
from twolane_context.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    # Whose turn, what, and its last row.
    _Step: TypeAlias = tuple[tuple[int, ...], Target, int]

# About what a person reads of a class before its methods: its attributes and how it is made.
_OPENING_ROWS = 60
# More characters a token than code has: what is longer than so many need not be counted.
_MOST_CHARACTERS = 7
_HEADS, _BODIES, _CALLERS = range(3)  # whose turn it is


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
    wanted: Mapping[Target, Tier],
    budget: int,
    count: Callable[[str], int],
    lines_of: Callable[[str], Sequence[str]],
    home: Collection[str] = (),
) -> list[Piece]:
    """The pieces that fit, best first; together at most `budget` tokens.

    Args:
        wanted: what is needed, the surest first.
        budget: in tokens.
        count: counts the tokens of a text.
        lines_of: the lines of a file, without their ends.
        home: the paths of the files asked about.
    """
    steps = [step for one in wanted.items() for step in _steps(*one, home)]
    left, chosen = budget, dict[Target, Piece]()
    for turn, target, last in sorted(steps, key=itemgetter(0)):
        if turn[0] == _BODIES and target not in chosen:
            continue  # it has no room for its head
        path, first = target.file.path, target.file.outline.symbols[target.at].start
        text = "\n".join([*lines_of(path)[first : last + 1], ""])
        room = left + (chosen[target].tokens if target in chosen else 0)
        if len(text) <= _MOST_CHARACTERS * room and (tokens := count(text)) <= room:
            left = room - tokens
            chosen[target] = Piece(path, first + 1, last + 1, text, tokens)
    return [chosen[target] for target in wanted if target in chosen]


def _steps(target: Target, tier: Tier, home: Collection[str]) -> Iterator[_Step]:
    """The last rows that it may be shown to, each with its turn: head, members of a long class, all."""
    symbols, symbol, is_home = target.file.outline.symbols, target.symbol, target.file.path in home
    head = _HEADS, tier, is_home, symbol.head - symbol.start
    yield (_CALLERS,) if tier is Tier.CALLER else head, target, symbol.head
    ends, opening = [symbol.end], symbol.start + _OPENING_ROWS
    if symbol.kind not in CALLABLES and symbol.end > opening:
        ends += [one.end for one in symbols if one.parent == target.at and one.end < opening]
    for end in {max(ends[1:], default=symbol.end), symbol.end}:
        if end > symbol.head and tier is not Tier.CALLER:
            yield (_BODIES, is_home, end - symbol.start), target, end
