"""Which definitions of the repository a piece of code needs, the surest first.

What its names resolve to; then what the members that cannot be resolved are most likely to be;
then who calls it. Nothing here depends on the order of files or the time.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.modules import shared
from twolane_context.targets import CALLABLES, Locals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twolane_context.index import File, Index
    from twolane_context.outline import Symbol
    from twolane_context.resolve import Resolver
    from twolane_context.uses import Uses

_MOST_GUESSES = 3
_TOO_MANY = 12
_MOST_CALLING_FILES = 40
_BARE = frozenset({"self", "cls", "this", "super", "Self", "crate"})


class Tier(IntEnum):
    """How sure it is that a definition is needed."""

    RESOLVED = 0
    LIKELY = 1
    CALLER = 2


class Candidate(NamedTuple):
    """A definition, and how sure it is that it is needed."""

    file: File
    symbol_index: int
    tier: Tier

    @property
    def symbol(self) -> Symbol:
        """The definition."""
        return self.file.outline.symbols[self.symbol_index]


class Place(NamedTuple):
    """Where a piece of code is: its file, the innermost definition around it or -1, its rows."""

    file: File
    inside: int
    rows: tuple[int, int]


def ranked(resolver: Resolver, place: Place, used: Uses, most_callers: int) -> list[Candidate]:
    """The definitions that a piece of code needs, the surest first, each once.

    Args:
        resolver: the repository.
        place: where the piece is.
        used: the names in it.
        most_callers: how many of those who call it, at most.
    """
    file, inside, rows = place
    found: dict[tuple[str, int], Candidate] = {}

    def add(targets: Iterable[tuple[File, int]], tier: Tier) -> None:
        for other, at in targets:
            own = other is file and rows[0] <= other.outline.symbols[at].row <= rows[1]
            if not own:
                found.setdefault((other.path, at), Candidate(other, at, tier))

    known = Locals(used.locals)
    loose: dict[str, None] = {}
    for use in used.uses:
        if use.chain[-1] in _BARE:
            continue
        targets = resolver.chain(file, inside, use.chain, known)
        add(((one.file, one.at) for one in targets if one.at >= 0), Tier.RESOLVED)
        if not targets and len(use.chain) > 1:
            loose[use.chain[-1]] = None
    near = {path for path, _ in found} | {file.path}
    for name in loose:
        add(_likely(resolver.index, file, name, near), Tier.LIKELY)
    if inside >= 0:
        add(islice(callers(resolver, file, inside), most_callers), Tier.CALLER)
    return sorted(found.values(), key=lambda candidate: candidate.tier)


def _likely(index: Index, file: File, name: str, near: set[str]) -> list[tuple[File, int]]:
    """The members that are called `name`, the nearest first; none where there are many."""
    folder = file.path.split("/")[:-1]

    def distance(found: tuple[File, int]) -> tuple[int, int, str, int]:
        other = found[0].path.split("/")
        return found[0].path not in near, -shared(folder, other), found[0].path, found[1]

    members = [
        (other, at)
        for other, at in index.defining(name)
        if other.outline.symbols[at].parent >= 0 and _is_member(other, at)
    ]
    members.sort(key=distance)
    close = [one for one in members if one[0].path in near]
    if close:
        return close[:_MOST_GUESSES]
    return members[:_MOST_GUESSES] if len(members) <= _TOO_MANY else []


def _is_member(file: File, index: int) -> bool:
    symbols = file.outline.symbols
    return symbols[symbols[index].parent].kind not in CALLABLES


def callers(resolver: Resolver, file: File, inside: int) -> Iterator[tuple[File, int]]:
    """The definitions whose text calls the one at `inside`, the nearest files first."""
    symbol = file.outline.symbols[inside]
    if symbol.kind not in CALLABLES:
        return
    pattern = re.compile(rb"\b%b[ \t]*\(" % re.escape(symbol.name.encode()))
    folder = file.path.split("/")[:-1]
    holding = resolver.index.holding(symbol.name)

    def distance(other: File) -> tuple[bool, int, str]:
        return other is not file, -shared(folder, other.path.split("/")), other.path

    for other in sorted(holding, key=distance)[:_MOST_CALLING_FILES]:
        source = other.source()
        seen: set[int] = set()
        row = end = 0
        for match in pattern.finditer(source):
            row, end = row + source.count(b"\n", end, match.start()), match.start()
            at = other.outline.innermost(row)
            if at >= 0 and at not in seen and other.outline.symbols[at].row != row:
                seen.add(at)
                yield other, at
