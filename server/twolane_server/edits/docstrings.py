"""Which statement documents a piece of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tree_sitter

_BRACKETED = 3


def docstring(body: tree_sitter.Node, source: bytes) -> tree_sitter.Node | None:
    """The statement that documents a Python body or module: its first, and only plain strings.

    As `ast.get_docstring` has it: adjacent and bracketed strings count, f-strings and bytes do not,
    and comments before or between them do not matter.

    Args:
        body: a block or a module.
        source: what it was parsed from. (`Node.text` is not used in this house: on a tree that was
            parsed through a callback it crashes, py-tree-sitter 0.26.)
    """
    statement = next((node for node in _named(body)), None)
    if statement is None or statement.type != "expression_statement":
        return None
    node = statement
    while node.type in {"expression_statement", "parenthesized_expression"}:
        tokens = [child for child in node.children if child.type != "comment"]
        # More tokens than the string and its brackets make a tuple or an expression.
        if len(tokens) != (1 if node is statement else _BRACKETED):
            return None
        node = tokens[len(tokens) // 2]
    strings = list(_named(node)) if node.type == "concatenated_string" else [node]
    return statement if all(_is_plain_string(string, source) for string in strings) else None


def _named(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The named children that are no comments, found one by one: a module may have thousands."""
    for index in range(node.named_child_count):
        if (child := node.named_child(index)).type != "comment":
            yield child


def _is_plain_string(node: tree_sitter.Node, source: bytes) -> bool:
    if node.type != "string" or node.has_error:
        return False
    start = node.child(0)
    prefix = source[start.start_byte : start.end_byte].lower()
    return not set(prefix) & set(b"bft")
