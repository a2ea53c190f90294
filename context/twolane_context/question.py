"""What is asked about, and which definitions of the repository it needs, the surest first.

What the names of a piece of code resolve to; then what the members that cannot be resolved are most
likely to be; then who calls it. Nothing here depends on the order of files or the time.
"""

from __future__ import annotations

import re
from bisect import bisect
from enum import IntEnum
from itertools import chain, islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from twolane_context.definitions import CALLABLES, Kind
from twolane_context.index import FEW
from twolane_context.modules import PARTS, RUST
from twolane_context.spans import Span
from twolane_context.targets import SELF, Target, twins
from twolane_context.uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twolane_context.index import File, Index
    from twolane_context.outline import Outline
    from twolane_context.resolve import Resolver
    from twolane_context.trees import Parsed
    from twolane_context.uses import Chain

    Ranked: TypeAlias = tuple[Target, "Tier"]

_NAME = re.compile(r"[^\W\d]\w{2,}")
_MOST = 3  # overloads of a function, guesses, and definitions of what an instruction names
_ASKED = 12  # files for callers; with 20, two of 700 callers more were found
_BRACKET, _LETTER = re.compile(rb"[ \t]*\("), re.compile(rb"[\w$]")
_HELD_BY = re.compile(rb"(?:[\w$]*(?:\.|::|->))*\Z")
_LONGEST = 80  # bytes of what stands before a call


class Selection(NamedTuple):
    """Rows of a file: 0-based, inclusive."""

    path: str
    first: int
    last: int


class Tier(IntEnum):
    """How sure it is that a definition is needed."""

    RESOLVED = 0
    LIKELY = 1
    CALLER = 2


def needed(
    resolver: Resolver, parsed: Parsed | None, selection: Selection, most_callers: int
) -> list[Ranked]:
    """The definitions that a selection needs, the surest first.

    Args:
        resolver: the repository.
        parsed: the file's tree; `None` for a language without a grammar, which needs nothing.
        selection: where. A selection within a definition stands for all of it.
        most_callers: how many of those who call it, at most.
    """
    file = resolver.index.files.get(selection.path)
    if file is None or parsed is None:
        return []
    inside, (first, last) = around(file.outline, selection.first, selection.last)
    used = uses(parsed, row_span(parsed.source, first, last))
    found: list[Ranked] = []
    loose: list[Chain] = []
    # In Python that is a function.
    bare = SELF | {"super"} if file.path.endswith((".py", ".pyi")) else SELF
    made = {use.chain for use in used.uses if use.called}
    for steps in dict.fromkeys(use.chain for use in used.uses if use.chain[-1] not in bare):
        targets = resolver.chain(Target(file, inside), steps, used)
        symbols = [one for one in targets if one.at >= 0]
        # A type's own definition says more than the heads of its impls.
        symbols = [one for one in symbols if one.symbol.kind is not Kind.IMPL] or symbols
        values = [one for one in symbols if one.symbol.kind not in CALLABLES and steps in made]
        own = len(steps) == 1 and steps[0] in used.locals  # whose type is no need by itself
        needs = chain([] if own else symbols, *map(resolver.makers, values))
        found += [(one, Tier.RESOLVED) for one in needs if one in twins(one)[:_MOST]]
        if not targets and len(steps) > 1:
            loose.append(steps)
    near = _nearest(file, {one.file for one, _ in found} | {file})
    for steps in loose:
        likely = resolver.sounding(file, steps, 1) or _likely(resolver.index, file, near, steps[-1])
        found += [(one, Tier.LIKELY) for one in likely]
    found += [(one, Tier.CALLER) for one in islice(callers(resolver, file, inside), most_callers)]
    own = {one.at for one in twins(Target(file, inside))}
    own |= {at for at, one in enumerate(file.outline.symbols) if first <= one.row <= last}
    return [(one, tier) for one, tier in found if one.file is not file or one.at not in own]


def meant(index: Index, text: str) -> list[Ranked]:
    """The definitions whose names stand in an instruction; none of names that many share."""
    named = [[*index.defining(name)] for name in _NAME.findall(text)]
    return [(one, Tier.LIKELY) for few in named if len(few) <= _MOST for one in few]


def merged(questions: Iterable[list[Ranked]]) -> dict[Target, Tier]:
    """The definitions of several questions, each once, the surest first."""
    found: dict[Target, Tier] = {}
    for one, tier in sorted(chain.from_iterable(questions), key=itemgetter(1)):
        found.setdefault(one, tier)
    return found


def _likely(index: Index, file: File, near: list[File], name: str) -> list[Target]:
    """The members that are called `name`: the only one, those of types that the file names, or what is near.

    In Python what is near comes first: that is right as often, and other files need not be looked at.
    Where a file must name a type to have a value of it, as in Rust, what is near is seldom right.
    """
    close = [one for other in near for at in other.named(name) if (one := Target(other, at)).holder]
    some = () if close and file.path.endswith(".py") else index.defining(name, few=FEW)
    named = [one for one in some if one.holder]
    held = named if len(named) == 1 else [one for one in named if file.holds(one.holder)]
    return held[:_MOST] or close[: 1 if file.path.endswith(RUST) else _MOST]


def _nearest(file: File, others: Iterable[File]) -> list[File]:
    """The others, those first whose paths share most with the file's."""
    above = [file.path[: one.end()] for one in re.finditer(r"/|\Z", file.path)]
    return sorted(others, key=lambda other: (-sum(map(other.path.startswith, above)), other.path))


def callers(resolver: Resolver, file: File, inside: int) -> Iterator[Target]:
    """The definitions that call the one at `inside`: those that surely do, then those that may.

    Only what stands before the call is followed, not the types of variables. The nearest files come
    first; of many, only those around the own one by path are asked: to sort all takes up to 0.2 s.
    """
    if Target(file, inside).symbol.kind not in CALLABLES:
        return
    symbol, own = (asked := Target(file, inside)).symbol, twins(asked)
    name, sure, maybe = symbol.name.encode(), set[Target](), list[Target]()
    files = resolver.index.holding(symbol.name)
    here = bisect(files, file.path, key=attrgetter("path"))
    for other in _nearest(file, files[max(0, here - _ASKED) : here + _ASKED])[:_ASKED]:
        source, row, counted, end = other.source(), 0, 0, -1
        while (end := source.find(name, end + 1)) >= 0:  # an expression of each name takes longer
            if _LETTER.match(source, end - 1, end) or not _BRACKET.match(source, end + len(name)):
                continue
            row, counted = row + source.count(b"\n", counted, end), end
            caller = Target(other, other.outline.innermost(row))
            if caller.at < 0 or caller.symbol.row == row or caller in sure:
                continue
            before: bytes = _HELD_BY.findall(source, max(0, end - _LONGEST), end)[0]
            steps = PARTS.split(before.decode("utf-8", "replace"))  # of `f().name(`, two empty ones
            means = resolver.chain(caller, [*steps[:-1], symbol.name])
            if any(one in own for one in means):
                sure.add(caller)
                yield caller
            elif not means and len(steps) > 1 and symbol.parent >= 0:
                maybe.append(caller)
    yield from (one for one in dict.fromkeys(maybe) if one not in sure)


def around(outline: Outline, first: int, last: int) -> tuple[int, tuple[int, int]]:
    """The innermost definition that holds some rows, or -1, and the rows it stands for."""
    for at in outline.holders(outline.innermost(first)):
        if outline.symbols[at].end >= last:
            return at, (outline.symbols[at].start, outline.symbols[at].end)
    return -1, (first, last)


def row_span(source: bytes, first: int, last: int) -> Span:
    """The bytes of some rows, `last` included."""
    lines = source.split(b"\n", last + 1)
    start, end = (sum(map(len, lines[:row])) + row for row in (first, last + 1))
    return Span(min(start, len(source)), min(end, len(source)))
