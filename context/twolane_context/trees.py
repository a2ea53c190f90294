"""Syntax trees of tree-sitter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tree_sitter

from twolane_context.languages import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.languages import Language
    from twolane_context.spans import Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source and its tree. The tree may hold error nodes; it always exists.

    Attributes:
        language: the grammar it was parsed with.
        source: UTF-8.
        tree: nodes count in bytes of `source`.
    """

    language: Language
    source: bytes = field(repr=False)
    tree: tree_sitter.Tree


def parse(language: Language, source: bytes) -> Parsed:
    """Parse a source, whatever it holds."""
    return Parsed(language, source, tree_sitter.Parser(grammar(language)).parse(source))


def text_of(source: bytes, node: tree_sitter.Node) -> str:
    """A node's text; `Node.text` ends the process on a tree that was parsed through a callback."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The node and all below it, in source order; no recursion, so depth does not matter."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def within(parsed: Parsed, span: Span) -> Iterator[tree_sitter.Node]:
    """All nodes that lie within `span`, in source order."""
    stack = [parsed.tree.root_node]
    while stack:
        current = stack.pop()
        if span.start <= current.start_byte and current.end_byte <= span.end:
            yield from walk(current)
        elif current.start_byte < span.end and span.start < current.end_byte:
            stack.extend(reversed(current.children))
