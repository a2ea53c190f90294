"""What is asked about, and which definitions of the repository it needs, the surest first.

What the names of a piece of code resolve to; then what the members that cannot be resolved are most
likely to be; then who calls it. Nothing here depends on the order of files or the time.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from twolane_context.definitions import CALLABLES, Kind
from twolane_context.index import FEW
from twolane_context.modules import PARTS
from twolane_context.spans import Span
from twolane_context.targets import SELF, Locals, Target, twins
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
_MOST_CALLING_FILES = 20
# JavaScript: what a call of a class, or of a value with a type, calls.
_CALLED = ("constructor", "(")
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
    known = Locals(used.locals)
    found: list[Ranked] = []
    loose: list[Chain] = []
    is_python = file.path.endswith((".py", ".pyi"))
    bare = SELF | {"super"} if is_python else SELF  # there it is a function
    made = set[tuple[str, ...]]() if is_python else {use.chain for use in used.uses if use.called}
    for steps in dict.fromkeys(use.chain for use in used.uses if use.chain[-1] not in bare):
        targets = resolver.chain(Target(file, inside), steps, known)
        symbols = [one for one in targets if one.symbol]
        # A type's own definition says more than the heads of its impls.
        types = [one for one in symbols if one.symbol and one.symbol.kind is not Kind.IMPL]
        held = [one for one in types if one.symbol and one.symbol.kind not in CALLABLES]
        new = (resolver.step(one, name) for one in held for name in _CALLED if steps in made)
        symbols = [*(types or symbols), *chain.from_iterable(new)]
        found += [(one, Tier.RESOLVED) for one in symbols if one in twins(one)[:_MOST]]
        if not targets and len(steps) > 1:
            loose.append(steps)
    near = _nearest(file, {one.file for one, _ in found} | {file})
    for steps in loose:
        likely = resolver.sounding(file, steps, 1) or _likely(resolver.index, near, steps[-1])
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


def _likely(index: Index, near: list[File], name: str) -> list[Target]:
    """The members that are called `name`, in the files that are near, or the only one there is."""
    close = [Target(file, at) for file in near for at in file.named(name)]
    if members := [one for one in close if one.holder]:
        return members[:_MOST]
    only = [*islice((one for one in index.defining(name, few=FEW) if one.holder), 2)]
    return only if len(only) == 1 else []


def _nearest(file: File, others: Iterable[File]) -> list[File]:
    """The others, those first whose paths share most with the file's."""
    above = [file.path[: one.end()] for one in re.finditer(r"/|\Z", file.path)]
    return sorted(others, key=lambda other: (-sum(map(other.path.startswith, above)), other.path))


def callers(resolver: Resolver, file: File, inside: int) -> Iterator[Target]:
    """The definitions that call the one at `inside`: those that surely do, then those that may.

    Only what stands before the call is followed, not the types of variables. The nearest files come
    first.
    """
    if inside < 0 or file.outline.symbols[inside].kind not in CALLABLES:
        return
    symbol, own = file.outline.symbols[inside], twins(Target(file, inside))
    name = symbol.name.encode()
    sure, maybe = set[Target](), list[Target]()
    for other in _nearest(file, resolver.index.holding(symbol.name))[:_MOST_CALLING_FILES]:
        source, row, end = other.source(), 0, -1
        while (at := source.find(name, end + 1)) >= 0:  # an expression of each name takes longer
            row, end = row + source.count(b"\n", end + 1, at), at
            if _LETTER.match(source, end - 1, end) or not _BRACKET.match(source, end + len(name)):
                continue
            caller = Target(other, other.outline.innermost(row))
            if caller.symbol is None or caller.symbol.row == row or caller in sure:
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
