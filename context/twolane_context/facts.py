"""What the engine knows of one file: definitions and imports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.captures import capture
from twolane_context.definitions import Definition, Kind
from twolane_context.imports import Binding, Import, imports
from twolane_context.spans import Span, trimmed
from twolane_context.variables import add_bases, variables

if TYPE_CHECKING:
    import tree_sitter

    from twolane_context.captures import Found
    from twolane_context.trees import Parsed

# What may stand between an attribute and what it belongs to.
_COMMENTS = re.compile(rb"(?:\s+|//[^\n]*|/\*(?s:.*?)\*/)*")


@dataclass(frozen=True, slots=True)
class Facts:
    """All of one file, in source order (outer before inner).

    Attributes:
        definitions: what it defines.
        imports: what it imports.
        variables: variables and constants of modules and classes, and the attributes that methods
            set; of these, the parent is the class. Locals of functions are not among them.
        exports: names that others may import from it, where they are not those of definitions.
    """

    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    variables: tuple[Definition, ...] = ()
    exports: tuple[Binding, ...] = ()


_KINDS = {**{kind.value: kind for kind in Kind}, "callable": Kind.FUNCTION}
_HOLDERS = frozenset({Kind.CLASS, Kind.STRUCT, Kind.IMPL, Kind.TRAIT, Kind.INTERFACE})


def extract(parsed: Parsed) -> Facts:
    """The facts of one file. Broken code gives the facts that are there; nothing is raised."""
    found = capture(parsed)
    attributes = {_next(parsed.source, one.end_byte): one.start_byte for one in found.attributes}
    drafts = [
        (one.kind == "callable", _draft(parsed, one, found.outermost(one.node), attributes))
        for one in found.definitions.values()
        if one.name.start_byte < one.name.end_byte
    ]
    drafts.sort(key=lambda draft: (draft[1].span.start, -draft[1].span.end))
    definitions: list[Definition] = []
    open_ones: list[int] = []
    for is_callable, draft in drafts:
        while open_ones and not definitions[open_ones[-1]].span.contains(draft.span):
            open_ones.pop()
        parent = open_ones[-1] if open_ones else None
        is_method = is_callable and parent is not None and definitions[parent].kind in _HOLDERS
        kind = Kind.METHOD if is_method else draft.kind
        open_ones.append(len(definitions))
        definitions.append(draft._replace(kind=kind, parent=parent))
    held = variables(found, parsed.source, definitions)
    add_bases(found.bases, parsed.source, definitions, held)
    imported = imports(found, parsed.source, found.imports)
    exported = imports(found, parsed.source, found.exports)
    exports = tuple(binding for one in exported for binding in one.bindings)
    return Facts(tuple(definitions), imported, tuple(held), exports)


def _draft(
    parsed: Parsed, found: Found, outer: tree_sitter.Node, attributes: dict[int, int]
) -> Definition:
    """A definition that does not know its parent yet; `attributes` start before what they are of."""
    start = outer.start_byte
    while start in attributes:
        start = attributes[start]
    # A line of C's preprocessor holds its line's end.
    span = Span(start, trimmed(parsed.source, outer.end_byte))
    signature, body = span, None
    # In broken code a body may be there and empty.
    end = min(found.body[-1].end_byte, span.end) if found.body else 0
    if found.body and found.body[0].start_byte < end:
        body = Span(found.body[0].start_byte, end)
        signature = Span(start, _head_end(outer, body.start))
    at = found.name.start_byte
    name = parsed.source[at : found.name.end_byte].decode("utf-8", "replace")
    owner = found.owner and Span(found.owner.start_byte, found.owner.end_byte).cut(parsed.source)
    owned_by = owner.decode("utf-8", "replace") if owner else ""
    return Definition(name, _KINDS[found.kind], span, signature, body, None, at, (), owned_by)


def _next(source: bytes, offset: int) -> int:
    """Where the next token starts."""
    between = _COMMENTS.match(source, offset)
    return between.end() if between else offset


def _head_end(node: tree_sitter.Node, body: int) -> int:
    """Where the last token before the body ends; comments between the two are left out."""
    end = node.start_byte
    inside: tree_sitter.Node | None = node
    while inside is not None:
        children, inside = inside.children, None
        for child in children:
            if child.start_byte >= body:
                break
            if child.end_byte > body:
                inside = child
            elif not child.is_extra:
                end = child.end_byte
    return end
