"""Where a name stands in a file, and what is known of each place from the file alone."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES
from twolane_context.names import WORD
from twolane_context.spans import Span
from twolane_context.targets import Locals
from twolane_context.uses import Use, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.index import File
    from twolane_context.trees import Parsed

_GIVEN = re.compile(rb"\s*=")
# Keys of literals and patterns, in JavaScript and Rust, as their grammars call them.
_SHORT = frozenset(
    {
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "shorthand_field_identifier",
        "shorthand_field_initializer",
    }
)
_MEMBERS = frozenset({"property_identifier", "field_identifier"})
_KEYED = frozenset(
    {
        "pair",
        "pair_pattern",
        "method_definition",
        "property_signature",
        "jsx_attribute",
        "field_initializer",
        "field_pattern",
    }
)
_NEAR = 3  # nodes from a quoted name to what it is part of


class Place(NamedTuple):
    """What is known of a name that stands in a file.

    Attributes:
        file: which.
        language: of the file.
        name: the name.
        point: its row and column.
        own: the symbol of which it is the name, or -1.
        at: the innermost symbol around it, or -1.
        chain: what leads to it: see `uses.Use`. Empty where it names nothing that is defined.
        known: the variables around it.
        local: the function whose variable it is, or -1.
        called: whether it is called.
        keyed: whether it is a key of a literal or of a pattern, where it names a member of what it is taken
            for: `{ size: 1 }`, `{ size }`, `Box { size }`.
    """

    file: File
    language: str
    name: str
    point: tuple[int, int]
    own: int
    at: int
    chain: tuple[str, ...]
    known: Locals
    local: int
    called: bool
    keyed: bool


def places(file: File, parsed: Parsed, name: str) -> Iterator[Place]:
    """The places in a file where a name stands as a name, not in a text or a comment."""
    symbols, language = file.outline.symbols, parsed.language.name
    lines = [0, *accumulate(len(line) + 1 for line in parsed.source.split(b"\n"))]
    read: dict[Span, tuple[Locals, dict[tuple[int, int], Use]]] = {}

    def around(span: Span) -> tuple[Locals, dict[tuple[int, int], Use]]:
        if span not in read:
            found = uses(parsed, span)
            by_point = {(use.row, use.column): use for use in found.uses}
            read[span] = Locals(found.locals), by_point
        return read[span]

    def rows(first: int, last: int) -> Span:
        return Span(lines[first], max(lines[first], lines[last + 1] - 1))

    nodes = [(node, _inside(file, node.start_point.row)) for node in _named(parsed, name)]
    own = {(symbols[i].row, symbols[i].column): i for i in file.named(name)}
    # `global name`: not a local there, although it is assigned to.
    outer = {at for node, at in nodes if _parent(node) == "global_statement"}
    for node, at in nodes:
        point = (node.start_point.row, node.start_point.column)
        holders = [i for i in file.outline.holders(at) if symbols[i].kind in CALLABLES]
        if holders:
            span = rows(symbols[holders[-1]].start, symbols[holders[-1]].end)
        elif at >= 0 and point[0] <= symbols[at].head:
            span = rows(symbols[at].start, symbols[at].head)
        else:
            span = _outermost(node, parsed, symbols[at].head if at >= 0 else -1)
        known, by_point = around(span)
        use = by_point.get(point, Use((name,), *point, called=False))
        chain, local, symbol = use.chain, -1, own.get(point, -1)
        if len(chain) == 1 and point not in own and not outer & {*holders}:
            spans = ((i, rows(symbols[i].start, symbols[i].end)) for i in holders)
            local = next((i for i, one in spans if name in around(one)[0].known), -1)
        given = _parent(node) == "keyword_argument" and _GIVEN.match(parsed.source, node.end_byte)
        if given or (symbol < 0 and node.type in _MEMBERS and _parent(node) in _KEYED):
            chain = ()
        yield Place(
            file, language, name, point, symbol, at, chain, known, local, use.called, _is_key(node)
        )


def _outermost(node: tree_sitter.Node, parsed: Parsed, head: int) -> Span:
    """The largest part of the tree around a node that begins below row `head`, but the tree itself.

    Found from above: each step up costs a walk down, and brackets may be 100,000 deep.
    """
    cursor = parsed.tree.walk()
    while cursor.goto_first_child_for_byte(node.start_byte) is not None:
        if cursor.node is not None and cursor.node.start_point.row > head:
            return Span(cursor.node.start_byte, cursor.node.end_byte)
    return Span(node.start_byte, node.end_byte)


def _named(parsed: Parsed, name: str) -> list[tree_sitter.Node]:
    encoded, root = name.encode("utf-8", "surrogatepass"), parsed.tree.root_node
    found: list[tree_sitter.Node] = []
    for match in WORD.finditer(parsed.source):
        if match[0] == encoded:
            node = root.descendant_for_byte_range(*match.span())
            if (
                node is not None
                and (node.start_byte, node.end_byte) == match.span()
                and ("identifier" in node.type or _is_quoted_name(parsed, node))
            ):
                found.append(node)
    return found


def _is_quoted_name(parsed: Parsed, node: tree_sitter.Node) -> bool:
    """Whether a text is a name all the same: in Python's `__all__` and in annotations."""
    up = node.parent if node.type == "string_content" else None
    for _ in range(_NEAR):
        up = up.parent if up is not None else None
        if up is None or up.type == "type":
            break
        if "assignment" in up.type and (left := up.child_by_field_name("left")) is not None:
            return parsed.source[left.start_byte : left.end_byte] == b"__all__"
    return up is not None and up.type == "type"


def _is_key(node: tree_sitter.Node) -> bool:
    up = _parent(node)
    return node.type in _SHORT or up in _SHORT or (node.type in _MEMBERS and up in _KEYED)


def _parent(node: tree_sitter.Node) -> str:
    return node.parent.type if node.parent is not None else ""


def _inside(file: File, row: int) -> int:
    """The innermost symbol around a row; a decorator stands outside of what it decorates."""
    outline = file.outline
    around = outline.holders(outline.innermost(row))
    return next((at for at in around if outline.symbols[at].row <= row), -1)
