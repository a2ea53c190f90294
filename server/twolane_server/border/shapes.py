"""The shape of code: what is left of it when each name is replaced by the number of its first use.

It is of so many tokens from a line's start. A copy in which every name has another one has it too.
Lists, imports and sentences have none, since theirs is everybody's.
"""

from __future__ import annotations

from itertools import accumulate, chain, compress
from operator import not_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from twolane_server.border.tokens import Line

__all__ = ["IMPORTS", "KEYWORDS", "SHAPE", "shapes"]

SHAPE = 40
"""Tokens."""

IMPORTS = frozenset({"import", "from", "use", "using", "include", "require", "package"})
"""Words with which lines start that say what is used and nothing else."""

_KEYWORD_WORDS = (
    "False None True abstract and any as assert async await bool boolean break byte case catch char"
    " class const constructor continue def default defer del delete do double elif else elsif end"
    " enum except export extends extern false final finally float fn for foreach from func function"
    " get global go goto if impl implements import in include instanceof int interface internal is"
    " lambda let local long loop match mod module move mut namespace new nil nonlocal not null of"
    " operator or override package pass private protected pub public raise readonly ref repeat"
    " require return self set short signed sizeof static str string struct super switch template"
    " then this throw throws trait true try type typedef typeof undefined union unless unsafe"
    " unsigned until use using val var virtual void volatile where while with yield"
)
KEYWORDS = frozenset(_KEYWORD_WORDS.split())
"""Words that are no names, in any of the languages."""

_NUMBERS = tuple(map(str, range(SHAPE)))
_DIGITS = frozenset(_NUMBERS)
_MOST_TOKENS = 100_000
_REPEATS = 2  # of names: with fewer it is a list or a sentence like any other
_DIFFERENT = 6  # other tokens


class _Names(dict[str, bool]):
    """Whether each token is a name, found out when it is first met: in a prompt most are the same."""

    def __missing__(self, token: str) -> bool:
        if len(self) >= _MOST_TOKENS:
            self.clear()
        self[token] = found = (token[0].isalpha() or token[0] == "_") and token not in KEYWORDS
        return found


_is_name = _Names().__getitem__


def shapes(found: Sequence[Line], starts: Iterable[int] | None = None) -> Iterator[tuple[int, str]]:
    """The shapes in some lines, each with the number of the line that it starts at.

    Args:
        found: lines that follow one another.
        starts: which of the lines may start one, in order; any may where it is not given.
    """
    whole = list(chain.from_iterable([line.tokens for line in found]))
    flags = list(map(_is_name, whole))
    names = list(compress(whole, flags))
    others = list(compress(whole, map(not_, flags)))
    before = [0, *accumulate(flags)]  # names before each token
    places = [0, *accumulate([len(line.tokens) for line in found])]
    for start in range(len(found)) if starts is None else starts:
        here = places[start]
        end = here + SHAPE
        if end > len(whole):
            return
        if whole[here] in IMPORTS:
            continue
        low, high = before[here], before[end]
        first = dict(zip(dict.fromkeys(names[low:high]), _NUMBERS, strict=False))
        if high - low - len(first) < _REPEATS:
            continue
        rest = set(others[here - low : end - high])
        different = len(rest)
        if not rest.isdisjoint(_DIGITS):  # one that a name has as well does not count
            different -= sum(int(digit) < len(first) for digit in rest & _DIGITS)
        if different >= _DIFFERENT:
            window = whole[here:end]
            yield found[start].number, " ".join(map(first.get, window, window))
