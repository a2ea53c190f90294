"""Whether code parses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_context.trees import Parsed


def errors(parsed: Parsed) -> int:
    """How many errors the tree has: 0 for a source that parses.

    Error and missing nodes count, and nodes that are broken without showing where: a statement's
    end that is missing (in Go) is no node of its own.
    """
    count = 0
    stack = [parsed.tree.root_node]
    while stack:
        node = stack.pop()
        if node.has_error:
            broken = [child for child in node.children if child.has_error]
            count += node.is_error or node.is_missing or not broken
            stack += broken
    return count
