"""What the engine knows of one file: definitions and imports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_context.captures import capture
from twolane_context.definitions import Definition, Kind
from twolane_context.imports import Binding, Import, imports
from twolane_context.spans import trimmed
from twolane_context.trees import text_of
from twolane_context.variables import add_bases, variables

if TYPE_CHECKING:
    from collections.abc import Iterable

    import tree_sitter

    from twolane_context.captures import Captures, Found
    from twolane_context.trees import Parsed

# What may stand between an attribute and what it belongs to.
_COMMENTS = re.compile(rb"(?:\s+|//[^\n]*|/\*(?s:.*?)\*/)*")
# Without any of these, nothing but blanks stands between a signature's last token and the body.
_COMMENT = re.compile(rb"#|//|\*/|--|\\")


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
_HOLDERS = (Kind.CLASS, Kind.STRUCT, Kind.IMPL, Kind.TRAIT, Kind.INTERFACE)


def extract(parsed: Parsed) -> Facts:
    """The facts of one file. Broken code gives the facts that are there; nothing is raised."""
    if not parsed.known:
        parsed.known.append(_extracted(parsed))
    return parsed.known[0]


def _extracted(parsed: Parsed) -> Facts:
    source, found = parsed.source, capture(parsed)
    definitions = _definitions(source, found)
    held = variables(found, source, definitions)
    add_bases(found, source, definitions, held)
    return Facts(
        tuple(definitions),
        imports(found, source, "import"),
        tuple(held),
        tuple(binding for one in imports(found, source, "export") for binding in one.bindings),
    )


def _definitions(source: bytes, found: Captures) -> list[Definition]:
    """All definitions in source order, each with the one that holds it."""
    definitions: list[Definition] = []
    around: list[int] = []
    for start, end, node, (sort, _, _, nodes) in _placed(source, found):
        while around and definitions[around[-1]].end < end:
            around.pop()
        parent = around[-1] if around else None
        kind = _KINDS[sort]
        if sort == "callable" and parent is not None and definitions[parent].kind in _HOLDERS:
            kind = Kind.METHOD
        named, body, owner = nodes["name"][0], nodes.get("body"), nodes.get("owner")
        first = body[0].start_byte if body else 0
        last = min(body[-1].end_byte, end) if body else 0
        if first < last:
            head = _head_end(source, node, start, first)
        else:  # none, or in broken code an empty one
            first, last, head = 0, 0, end
        name, owned_by = text_of(source, named), text_of(source, owner[0]) if owner else ""
        if name:
            at = named.start_byte
            around.append(len(definitions))
            definitions.append(
                Definition(name, kind, start, end, head, at, parent, first, last, owned_by)
            )
    return definitions


def _placed(source: bytes, found: Captures) -> list[tuple[int, int, tree_sitter.Node, Found]]:
    """Where each definition starts and ends, its node with all that wraps it, and what found it."""
    wrappers = {nodes["wrapped"][0].id: outer[0] for _, outer, _, nodes in found["wrapper"]}
    attributes = {
        _next(source, node.end_byte): node.start_byte
        for _, nodes, _, _ in found["attribute"]
        for node in nodes
    }
    placed: list[tuple[int, int, tree_sitter.Node, Found]] = []
    for one in _best(found["definition"]):
        node = one[1][0]
        while (wrapper := wrappers.get(node.id)) is not None:
            node = wrapper
        start = node.start_byte
        while start in attributes:
            start = attributes[start]
        # A line of C's preprocessor holds its line's end.
        placed.append((start, trimmed(source, node.end_byte), node, one))
    placed.sort(key=lambda place: (place[0], -place[1]))
    return placed


def _best(found: list[Found]) -> Iterable[Found]:
    """Of those that found the same node: what the earliest pattern found, with most of the body."""
    best: dict[int, Found] = {}
    for one in found:
        other = best.setdefault(one[1][0].id, one)
        if other is not one and _rank(one) < _rank(other):
            best[one[1][0].id] = one
    return best.values()


def _rank(found: Found) -> tuple[int, int]:
    _, _, pattern, nodes = found
    return pattern, -len(nodes.get("body", ()))


def _next(source: bytes, offset: int) -> int:
    """Where the next token starts."""
    between = _COMMENTS.match(source, offset)
    return between.end() if between else offset


def _head_end(source: bytes, node: tree_sitter.Node, start: int, body: int) -> int:
    """Where the last token before the body ends; comments between the two are left out."""
    if not node.has_error and not _COMMENT.search(source, start, body):
        return trimmed(source, body)
    end = start
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
