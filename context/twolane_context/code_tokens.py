"""The tokens of a piece of code, as far as names and what stands around them tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

_JOINTS = frozenset({".", "::", "?.", "!."})
# Elsewhere an arrow stands before what a function returns; Lua's colon calls a method.
_MORE_JOINTS = {"c": {"->"}, "cpp": {"->"}, "lua": {":"}}
WORDS = frozenset({"self", "this", "super", "crate"})


class Token(NamedTuple):
    """`joint`: links a chain. `type`: the grammar knows it for a type. `parent`: its node's type."""

    text: str
    is_name: bool
    row: int
    column: int
    parent: str
    joint: bool
    type: bool


NONE = Token("", False, -1, 0, "", False, False)  # noqa: FBT003 - a row of a table


def tokens_of(parsed: Parsed, span: Span) -> list[Token]:
    """The tokens within `span`, without comments, in source order."""
    found: list[Token] = []
    joints = _JOINTS | _MORE_JOINTS.get(parsed.language.name, set())
    for node, holder in _leaves(parsed, span):
        is_name = node.type.endswith(("identifier", "identifier_pattern")) or node.type in WORDS
        if node.is_named and not is_name:
            text = '"'  # a literal or a comment
            if "comment" in node.type:
                continue
        else:
            text = parsed.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        point = node.start_point
        parent = holder if is_name else ""
        joint = text in joints
        is_type = node.type == "type_identifier"
        found.append(Token(text, is_name, point.row, point.column, parent, joint, is_type))
    return found


def _leaves(parsed: Parsed, span: Span) -> Iterator[tuple[tree_sitter.Node, str]]:
    """The leaves within `span`, each with its parent's type: `Node.parent` would look from the root."""
    stack = [(parsed.tree.root_node, "")]
    while stack:
        node, holder = stack.pop()
        if node.child_count:
            if node.start_byte < span.end and span.start < node.end_byte:
                stack += [(child, node.type) for child in reversed(node.children)]
        elif span.start <= node.start_byte < node.end_byte <= span.end:
            yield node, holder
