"""Where a name stands in a file, and what is known of each place from the file alone."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import CALLABLES
from twolane_context.names import WORD
from twolane_context.question import row_span
from twolane_context.trees import text_of
from twolane_context.uses import Use, Uses, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.index import File
    from twolane_context.trees import Parsed

# What names a member: not where a value stands before it, it is a key or a declaration.
_MEMBERS = frozenset({"property_identifier", "field_identifier"})
_HELD = re.compile("expression|nested|template")
_AS = re.compile(rb"\s+as\b")
_NEAR = 3  # nodes from a quoted name to what it is part of


class Place(NamedTuple):
    """What is known of a name that stands in a file.

    Attributes:
        file: which.
        name: the name.
        point: its row and column.
        own: the symbol of which it is the name, or -1.
        at: the innermost symbol around it, or -1.
        chain: what leads to it: see `uses.Use`. Empty where it names nothing that is defined.
        known: tells the variables around it.
        local: the function whose variable it is, or -1.
        called: whether it is called.
        renamed: whether `as` gives it another name here.
        keyed: whether it is a key of a literal or of a pattern, where it names a member of what it is taken
            for: `{ size: 1 }`, `{ size }`, `Box { size }`.
    """

    file: File
    name: str
    point: tuple[int, int]
    own: int
    at: int
    chain: tuple[str, ...]
    known: Uses
    local: int
    called: bool
    renamed: bool
    keyed: bool


def places(file: File, parsed: Parsed, name: str) -> Iterator[Place]:
    """The places in a file where a name stands as a name, not in a text or a comment."""
    symbols = file.outline.symbols

    @cache
    def around(first: int, last: int) -> tuple[Uses, dict[tuple[int, int], Use]]:
        found = uses(parsed, row_span(parsed.source, first, last))
        return found, {(use.row, use.column): use for use in found.uses}

    nodes = [(node, _inside(file, node.start_point.row)) for node in _named(parsed, name)]
    own = {(symbols[i].row, symbols[i].column): i for i in file.named(name)}
    # `global name`: not a local there, although it is assigned to.
    outer = {at for node, at in nodes if _parent(node) == "global_statement"}
    for node, at in nodes:
        point = (node.start_point.row, node.start_point.column)
        holders = [i for i in file.outline.holders(at) if symbols[i].kind in CALLABLES]
        if holders:
            rows = symbols[holders[-1]].start, symbols[holders[-1]].end
        else:
            rows = _outermost(node, parsed, symbols[at].head if at >= 0 else -1)
        known, used = around(*rows)
        use, up = used.get(point, Use((name,), *point, called=False)), _parent(node)
        chain, local, symbol = use.chain, -1, own.get(point, -1)
        if len(chain) == 1 and symbol < 0 and outer.isdisjoint(holders):
            bound = ((i, around(symbols[i].start, symbols[i].end)[0].locals) for i in holders)
            local = next((i for i, variables in bound if name in variables), -1)
        key = node.type in _MEMBERS and not _HELD.search(up)
        if (key and symbol < 0) or (up == "keyword_argument" and point not in used):
            chain = ()
        keyed = key or "shorthand" in node.type or "shorthand" in up
        renamed = _AS.match(parsed.source, node.end_byte) is not None
        yield Place(file, name, point, symbol, at, chain, known, local, use.called, renamed, keyed)


def _outermost(node: tree_sitter.Node, parsed: Parsed, head: int) -> tuple[int, int]:
    """The rows of the largest part of the tree around a node that begins below row `head`, but the tree itself.

    Found from above: each step up costs a walk down, and brackets may be 100,000 deep.
    """
    cursor = parsed.tree.walk()
    while cursor.goto_first_child_for_byte(node.start_byte) is not None:
        if cursor.node is not None and cursor.node.start_point.row > head:
            return cursor.node.start_point.row, cursor.node.end_point.row
    return node.start_point.row, node.end_point.row


def _named(parsed: Parsed, name: str) -> list[tree_sitter.Node]:
    encoded, root = name.encode("utf-8", "surrogatepass"), parsed.tree.root_node
    found = [one.span() for one in WORD.finditer(parsed.source) if one[0] == encoded]
    nodes = [root.descendant_for_byte_range(*span) for span in found]
    whole = [one for one in nodes if one is not None and text_of(parsed.source, one) == name]
    return [one for one in whole if "identifier" in one.type or _is_quoted_name(parsed, one)]


def _is_quoted_name(parsed: Parsed, node: tree_sitter.Node) -> bool:
    """Whether a text is a name all the same: in Python's `__all__` and in annotations."""
    up = node.parent if node.type == "string_content" else None
    for _ in range(_NEAR):
        up = up.parent if up is not None else None
        if up is None or up.type == "type" or "assignment" in up.type:
            break
    exported = up is not None and parsed.source.startswith(b"__all__", up.start_byte)
    return exported or (up is not None and up.type == "type")


def _parent(node: tree_sitter.Node) -> str:
    return node.parent.type if node.parent is not None else ""


def _inside(file: File, row: int) -> int:
    """The innermost symbol around a row; a decorator stands outside of what it decorates."""
    outline = file.outline
    around = outline.holders(outline.innermost(row))
    return next((at for at in around if outline.symbols[at].row <= row), -1)
