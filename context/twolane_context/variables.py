"""Variables of modules and classes, the attributes that methods set, and what types they are of."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from twolane_context.definitions import Definition, Kind
from twolane_context.spans import Span, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tree_sitter

    from twolane_context.captures import Captures

_CALLABLES = frozenset({Kind.FUNCTION, Kind.METHOD})
_SELF = frozenset({b"self", b"cls", b"this"})
_DOTTED = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w*)*")
_MOST_BASES = 6


def variables(
    found: Captures, source: bytes, definitions: Sequence[Definition]
) -> list[Definition]:
    """What `found` holds of variables and fields, in source order; locals are left out."""
    starts = [one.span.start for one in definitions]
    kept: dict[int, Definition] = {}
    bound = {one.node.start_byte for one in found.bound}
    for held in found.held:
        node, at = held.node, held.name.start_byte
        parent = holder(definitions, starts, at)
        if at in bound:
            continue
        if held.kind == "field":
            on = held.object and source[held.object.start_byte : held.object.end_byte]
            if on is not None and on not in _SELF:
                continue
            while parent is not None and definitions[parent].kind in _CALLABLES:
                parent = definitions[parent].parent
            if parent is None:
                continue
        elif parent is not None and definitions[parent].kind in _CALLABLES:
            continue
        span = Span(node.start_byte, trimmed(source, node.end_byte))
        name = source[at : held.name.end_byte].decode("utf-8", "replace")
        kept[at] = Definition(name, Kind(held.kind), span, span, None, parent, at)
    return [kept[at] for at in sorted(kept)]


def add_bases(
    nodes: Sequence[tree_sitter.Node],
    source: bytes,
    definitions: list[Definition],
    held: list[Definition],
) -> None:
    """Give each definition or variable the types that are named directly within it."""
    held_at = [one.span.start for one in held]
    starts = [one.span.start for one in definitions]
    bases: dict[tuple[bool, int], dict[str, None]] = {}
    for node in nodes:
        at = node.start_byte
        inner = bisect_right(held_at, at) - 1
        owners: list[tuple[bool, int]] = []
        if inner >= 0 and at < held[inner].span.end:
            first = bisect_left(held_at, held_at[inner])  # `a, b int` holds two
            owners = [(True, index) for index in range(first, inner + 1)]
        elif (parent := holder(definitions, starts, at)) is not None:
            body = definitions[parent].body
            if body is None or at < body.start:
                owners = [(False, parent)]
        for owner in owners:
            text = source[at : node.end_byte].decode("utf-8", "replace")
            bases.setdefault(owner, {}).update(dict.fromkeys(_DOTTED.findall(text)))
    for (is_held, index), names in bases.items():
        where = held if is_held else definitions
        where[index] = where[index]._replace(bases=tuple(names)[:_MOST_BASES])


def holder(definitions: Sequence[Definition], starts: Sequence[int], at: int) -> int | None:
    """The index of the innermost definition around a byte, or `None`."""
    index: int | None = bisect_right(starts, at) - 1
    if index == -1:
        return None
    while index is not None and definitions[index].span.end <= at:
        index = definitions[index].parent
    return index
