"""Which definitions of the repository a piece of code needs, the surest first.

What its names resolve to; then what the members that cannot be resolved are most likely to be;
then who calls it. Nothing here depends on the order of files or the time.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES, Kind
from twolane_context.modules import PARTS, shared
from twolane_context.targets import Locals, Target, twins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twolane_context.index import File, Index
    from twolane_context.outline import Symbol
    from twolane_context.resolve import Resolver
    from twolane_context.uses import Uses

_MOST_GUESSES = 3
_FEW = 40  # files that hold a name; in more of them it is hardly defined once
_MOST_TWINS = 3  # of a function's overloads
_MOST_CALLING_FILES = 20
_HELD_BY = re.compile(rb"(?:[\w$]*(?:\.|::|->))*\Z")
_LONGEST = 80  # bytes of what stands before a call
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
    itself = twins(file, inside) if inside >= 0 else []
    found: dict[tuple[str, int], Candidate] = {}
    beside = Counter[tuple[str, int]]()

    def add(targets: Iterable[Target], tier: Tier) -> None:
        for other, at in targets:
            row, first = other.outline.symbols[at].row, twins(other, at)[0]
            own = other is file and (rows[0] <= row <= rows[1] or at in itself)
            if (
                not own
                and (other.path, at) not in found
                and beside[other.path, first] < _MOST_TWINS
            ):
                beside[other.path, first] += 1
                found[other.path, at] = Candidate(other, at, tier)

    known = Locals(used.locals)
    loose: dict[tuple[str, ...], None] = {}
    for use in used.uses:
        if use.chain[-1] in _BARE:
            continue
        targets = resolver.chain(file, inside, use.chain, known)
        symbols = [one for one in targets if one.at >= 0]
        # A type's own definition says more than the heads of its impls.
        types = [one for one in symbols if one.symbol and one.symbol.kind is not Kind.IMPL]
        add(types or symbols, Tier.RESOLVED)
        if not targets and len(use.chain) > 1:
            loose[use.chain] = None
    near = {path for path, _ in found} | {file.path}
    for chain in loose:
        sounds = resolver.sounding(file, chain)[:1]
        add(sounds or _likely(resolver.index, file, chain[-1], near), Tier.LIKELY)
    if inside >= 0:
        add(islice(callers(resolver, file, inside), most_callers), Tier.CALLER)
    return sorted(found.values(), key=lambda candidate: candidate.tier)


def _likely(index: Index, file: File, name: str, near: set[str]) -> list[Target]:
    """The members that are called `name`, in the files that are near, or the only one there is."""
    folder = file.path.split("/")[:-1]

    def distance(found: Target) -> tuple[int, str, int]:
        other = found.file.path
        return -shared(folder, other.split("/")), other, found.at

    holding = index.holding(name)
    beside = [one for one in holding if one.path in near]
    if close := sorted(_members(beside, name), key=distance):
        return close[:_MOST_GUESSES]
    only = _members((one for one, _ in index.defining(name)), name) if len(holding) < _FEW else []
    return only if len(only) == 1 else []


def _members(files: Iterable[File], name: str) -> list[Target]:
    """The symbols of that name that types and modules hold."""
    found = [Target(file, at) for file in dict.fromkeys(files) for at in file.named(name)]
    return [
        Target(file, at)
        for file, at in found
        if (parent := file.outline.symbols[at].parent) >= 0
        and file.outline.symbols[parent].kind not in CALLABLES
    ]


def callers(resolver: Resolver, file: File, inside: int) -> Iterator[Target]:
    """The definitions that call the one at `inside`: those that surely do, then those that may.

    Only what stands before the call is followed, not the types of variables. The nearest files come
    first.
    """
    symbol = file.outline.symbols[inside]
    if symbol.kind not in CALLABLES:
        return
    own = twins(file, inside)
    name = re.escape(symbol.name.encode())
    pattern = re.compile(rb"%b(?<![\w$]%b)[ \t]*\(" % (name, name))
    folder = file.path.split("/")[:-1]

    def distance(other: File) -> tuple[bool, int, str]:
        return other is not file, -shared(folder, other.path.split("/")), other.path

    seen: set[tuple[str, int]] = set()
    maybe: dict[tuple[str, int], File] = {}
    holding = sorted(resolver.index.holding(symbol.name), key=distance)
    for other in holding[:_MOST_CALLING_FILES]:
        source, row, end = other.source(), 0, 0
        for match in pattern.finditer(source):
            row, end = row + source.count(b"\n", end, match.start()), match.start()
            at = other.outline.innermost(row)
            caller = other.path, at
            if at < 0 or caller in seen or other.outline.symbols[at].row == row:
                continue
            before = _HELD_BY.search(source, max(0, end - _LONGEST), end)
            chain = PARTS.split(before[0].decode("utf-8", "replace")) if before else [""]
            of_value = chain[0] == "" and len(chain) > 1  # `f().name(`
            means = [] if of_value else resolver.chain(other, at, [*chain[:-1], symbol.name])
            if any(one.file is file and one.at in own for one in means):
                seen.add(caller)
                yield Target(other, at)
            elif not means and len(chain) > 1 and symbol.parent >= 0:
                maybe.setdefault(caller, other)
    yield from (Target(other, at) for (path, at), other in maybe.items() if (path, at) not in seen)
