"""What a model should see of a file besides the definition it works on.

The first cut: names are compared, not resolved, and only within the one file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.definitions import HELD, Kind
from twolane_context.trees import walk
from twolane_server.actions.enclosing import Enclosing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    import tree_sitter

    from twolane_context.definitions import Definition
    from twolane_context.facts import Facts
    from twolane_context.imports import Import
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

_SCOPES = frozenset({Kind.FUNCTION, Kind.METHOD})
# Where no import is known to matter, the first ones stand in for all; in bytes.
_UNRESOLVED_IMPORTS = 2_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The surroundings of a selection within its file.

    Attributes:
        definition: the innermost definition that holds the selection, or `None`.
        imports: import statements that bind a name used in it. When none does, the file's first
            imports: they show what is at hand.
        signatures: signatures of what holds the definition, and of those in reach whose names it
            uses.

    All spans are in source order, without duplicates, and none lies within the definition.
    """

    definition: Definition | None
    imports: tuple[Span, ...]
    signatures: tuple[Span, ...]


def excerpt(parsed: Parsed, facts: Facts, selection: Span) -> Excerpt:
    """Cut out what `selection` needs. With no definition around it, it stands for itself."""
    around = Enclosing(parsed, facts.definitions).innermost
    definition = around(selection)
    target = definition.span if definition else selection
    used = Counter(_identifiers(parsed, target))
    if definition and definition.kind is not Kind.IMPL:
        # Its own name, where it is defined, is no use of it.
        used -= Counter([definition.name])
    holders = _holders(facts, definition)
    local = _local(facts, {*holders, definition})
    signatures = {
        other.signature
        for other, is_local in zip(facts.symbols, local, strict=True)
        if (
            (other.name in used and not is_local)
            or (definition and _overloads(other, definition))
            or other in holders
        )
        and other.kind not in HELD
        and not target.contains(other.signature)
    }
    return Excerpt(
        definition, _imports(facts, target, used, around, holders), tuple(sorted(signatures))
    )


def _imports(
    facts: Facts,
    target: Span,
    used: Counter[str],
    around: Callable[[Span], Definition | None],
    holders: frozenset[Definition],
) -> tuple[Span, ...]:
    """The imports that bind a name used, wildcards among them; else the first ones."""

    def in_reach(one: Import) -> bool:
        within = target.contains(one.span)
        return not within and ((held := around(one.span)) is None or held in holders)

    # First by name, which tells sooner than the place.
    named = (
        one
        for one in facts.imports
        if any(bound.name in used or bound.name == "*" for bound in one.bindings)
    )
    near = list(filter(in_reach, named))
    if any(name in used for one in near for name in one.names):
        return tuple(one.span for one in near)
    first: list[Span] = []
    left = _UNRESOLVED_IMPORTS
    for one in filter(in_reach, facts.imports):
        left -= len(one.span)
        if left < 0:
            break
        first.append(one.span)
    return tuple(first)


def _holders(facts: Facts, definition: Definition | None) -> frozenset[Definition]:
    """The definitions around this one."""
    found: list[Definition] = []
    while definition is not None and definition.parent is not None:
        definition = facts.symbols[definition.parent]
        found.append(definition)
    return frozenset(found)


def _local(facts: Facts, around: Collection[Definition | None]) -> list[bool]:
    """For each symbol, whether it is local to a function that is not one of those `around`."""
    local: list[bool] = []
    for definition in facts.symbols:
        parent = definition.parent
        holder = None if parent is None else facts.symbols[parent]
        local.append(
            parent is not None
            and holder not in around
            and (local[parent] or (holder is not None and holder.kind in _SCOPES))
        )
    return local


def _overloads(one: Definition, other: Definition) -> bool:
    return (one.name, one.kind, one.parent) == (other.name, other.kind, other.parent)


def _identifiers(parsed: Parsed, span: Span) -> Iterator[str]:
    """The identifier tokens in a span, as often as they stand there."""
    for node in within(parsed, span):
        if node.child_count == 0 and node.type.endswith("identifier"):
            yield parsed.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def within(parsed: Parsed, span: Span) -> Iterator[tree_sitter.Node]:
    """All nodes that lie within `span`, in source order."""
    stack = [parsed.tree.root_node]
    while stack:
        current = stack.pop()
        if span.start <= current.start_byte and current.end_byte <= span.end:
            yield from walk(current)
        elif current.start_byte < span.end and span.start < current.end_byte:
            stack.extend(reversed(current.children))
