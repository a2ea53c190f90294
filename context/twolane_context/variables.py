"""Variables of modules and classes, the attributes that methods set, and what types they are of."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING

from twolane_context.definitions import CALLABLES, Definition, Kind
from twolane_context.spans import trimmed
from twolane_context.trees import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.captures import Captures

_SELF = ("self", "cls", "this")
_DOTTED = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w*)*")
_MOST_BASES = 6


def variables(
    found: Captures, source: bytes, definitions: Sequence[Definition]
) -> list[Definition]:
    """What `found` holds of variables and fields, in source order; locals are left out."""
    starts = [one.start for one in definitions]
    bound = {node.start_byte for _, captured, _, _ in found["bound"] for node in captured}
    kept: dict[int, Definition] = {}
    for name, (node, *_), _, nodes in found["held"]:
        kind, is_field = Kind(name), name == Kind.FIELD
        if "object" in nodes and text_of(source, nodes["object"][0]) not in _SELF:
            continue
        start, end = node.start_byte, trimmed(source, node.end_byte)
        for named in nodes["name"]:
            at = named.start_byte
            parent = holder(definitions, starts, at)
            while is_field and parent is not None and definitions[parent].kind in CALLABLES:
                parent = definitions[parent].parent
            is_local = parent is not None and definitions[parent].kind in CALLABLES
            if at not in bound and not is_local and (parent is not None or not is_field):
                kept[at] = Definition(text_of(source, named), kind, start, end, end, at, parent)
    return [kept[at] for at in sorted(kept)]


def add_bases(
    found: Captures, source: bytes, definitions: list[Definition], held: list[Definition]
) -> None:
    """Give each definition or variable the types that are named directly within it."""
    held_at = [one.start for one in held]
    starts = [one.start for one in definitions]
    of_held: dict[int, list[str]] = {}
    of_definitions: dict[int, list[str]] = {}
    nodes = [node for _, captured, _, _ in found["base"] for node in captured]
    for at, node in sorted(((node.start_byte, node) for node in nodes), key=itemgetter(0)):
        names: list[str] = _DOTTED.findall(text_of(source, node))
        inner = bisect_right(held_at, at) - 1
        if inner >= 0 and at < held[inner].end:
            # `a, b int` holds two.
            for index in range(bisect_left(held_at, held_at[inner]), inner + 1):
                of_held.setdefault(index, []).extend(names)
        elif (parent := holder(definitions, starts, at)) is not None:
            body = definitions[parent].body_start
            if not body or at < body:
                of_definitions.setdefault(parent, []).extend(names)
    for where, bases in ((held, of_held), (definitions, of_definitions)):
        for index, names in bases.items():
            distinct = tuple(dict.fromkeys(names))[:_MOST_BASES]
            where[index] = where[index]._replace(bases=distinct)


def holder(definitions: Sequence[Definition], starts: Sequence[int], at: int) -> int | None:
    """The index of the innermost definition around a byte, or `None`."""
    index: int | None = bisect_right(starts, at) - 1
    if index == -1:
        return None
    while index is not None and definitions[index].end <= at:
        index = definitions[index].parent
    return index
