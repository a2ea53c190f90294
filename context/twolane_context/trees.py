"""Syntax trees of tree-sitter, parsed again only where the text changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tree_sitter

from twolane_context.languages import grammar
from twolane_context.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twolane_context.languages import Language


@dataclass(frozen=True, slots=True)
class Parsed:
    """A source and its tree. The tree may hold error nodes; it always exists.

    Attributes:
        language: the grammar it was parsed with.
        source: UTF-8.
        tree: nodes count in bytes of `source`.
    """

    language: Language
    source: bytes
    tree: tree_sitter.Tree


def parse(language: Language, source: bytes, previous: Parsed | None = None) -> Parsed:
    """Parse `source`, reusing the tree of an earlier version of it where there is one.

    The tree depends on the source alone, not on the way there.
    """
    parser = tree_sitter.Parser(grammar(language))
    if previous is None or previous.language != language:
        return Parsed(language, source, parser.parse(source))
    if previous.source == source:
        return previous
    old, new = changed(previous.source, source)
    tree = previous.tree.copy()
    tree.edit(
        start_byte=old.start,
        old_end_byte=old.end,
        new_end_byte=new.end,
        start_point=_point(previous.source, old.start),
        old_end_point=_point(previous.source, old.end),
        new_end_point=_point(source, new.end),
    )
    again = parser.parse(source, tree)
    if again.root_node.has_error:
        # Tree-sitter mends broken code in ways that depend on the old tree (measured: after one in
        # 5,000 random edits). The same text must always give
        # the same facts.
        again = parser.parse(source)
    return Parsed(language, source, again)


def changed(old: bytes, new: bytes) -> tuple[Span, Span]:
    """The one range in which two sources differ, in each: all before and behind it is equal."""
    shorter = min(len(old), len(new))
    start = _equal_run(shorter, lambda n: old[:n] == new[:n])
    tail = _equal_run(shorter - start, lambda n: old[len(old) - n :] == new[len(new) - n :])
    return Span(start, len(old) - tail), Span(start, len(new) - tail)


def _equal_run(longest: int, equal: Callable[[int], bool]) -> int:
    """The largest n up to `longest` for which `equal(n)` holds, given that it holds below it."""
    low, high = 0, longest
    while low < high:
        middle = (low + high + 1) // 2
        if equal(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _point(source: bytes, offset: int) -> tree_sitter.Point:
    """Tree-sitter's row and byte column; its rows end at LF only."""
    return tree_sitter.Point(
        source.count(b"\n", 0, offset), offset - (source.rfind(b"\n", 0, offset) + 1)
    )


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
