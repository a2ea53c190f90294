"""Syntax trees of tree-sitter."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

import tree_sitter

from twolane_context.languages import grammar
from twolane_context.spans import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twolane_context.languages import Language

_T = TypeVar("_T")
# What the grammar of TypeScript does not know: `in` and `out` before a type's parameter, and that a
# row which begins with `<` begins another signature.
_NEW = re.compile(rb"(?m)(?<=[<\s])(in |out ){1,2}(?=[\w$]+\s*([,>=]|\bext))|^[ \t](?=[ \t]*<)")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parsed:
    """A source and its tree. The tree may hold error nodes; it always exists.

    Attributes:
        language: the grammar it was parsed with.
        source: UTF-8.
        tree: nodes count in bytes of `source`.
        mended: whether that is the tree of a source which the grammar knows better.
        found: what somebody has found out about it; see `once`.
    """

    language: Language
    source: bytes
    tree: tree_sitter.Tree
    mended: bool = False
    found: dict[object, object] = field(default_factory=dict[object, object], init=False)


def once(parsed: Parsed, what: object, find: Callable[[Parsed], _T]) -> _T:
    """What `find` gives for a tree, found the first time only.

    Args:
        parsed: the tree, on which alone it must depend.
        what: tells it from all else that is found out about a tree.
        find: finds it.
    """
    if what not in parsed.found:
        parsed.found[what] = find(parsed)
    return cast("_T", parsed.found[what])


def parse(language: Language, source: bytes, previous: Parsed | None = None) -> Parsed:
    """Parse a source, whatever it holds. The tree depends on the source alone.

    Args:
        language: its grammar.
        source: UTF-8.
        previous: an earlier version of it, whose tree is used again as far as may be.
    """
    parser = tree_sitter.Parser(grammar(language))
    # What was mended may need it no longer, which its old tree would hide.
    if previous is not None and previous.language == language and not previous.mended:
        again = parser.parse(source, old_tree=edited(previous, source))
        # Tree-sitter mends broken code in ways that depend on the old tree (measured: after one in
        # 7,000 random edits), and the same text must always give the same facts.
        if not again.root_node.has_error:
            return Parsed(language, source, again)
    made = Parsed(language, source, parser.parse(source))
    if made.tree.root_node.has_error and (text := as_known(language, source)) != source:
        tree = parser.parse(text)
        return made if tree.root_node.has_error else Parsed(language, source, tree, mended=True)
    return made


def as_known(language: Language, source: bytes) -> bytes:
    """The source as far as may be in words that its grammar knows, all else in the same places."""
    if "typescript" not in language.queries:
        return source
    return _NEW.sub(lambda one: b" " * len(one[0]) if one[1] else b";", source)


def edited(previous: Parsed, source: bytes) -> tree_sitter.Tree:
    """A copy of the previous tree that knows which of its bytes are now others.

    So do the blanks around them and a byte more: what ends a block in Python has no length. Where it
    stood at the change, nothing behind it was used again (measured for 70 KB: 6 ms, and 0.5 so).
    """
    old, new = changed(previous.source, source)
    start = max(0, len(source[: new.start].rstrip()) - 1)
    end = len(source) - len(source[new.end :].lstrip())
    before = old.end + end - new.end
    tree = previous.tree.copy()
    points = _point(source, start), _point(previous.source, before), _point(source, end)
    tree.edit(start, before, end, *points)
    return tree


def changed(old: bytes, new: bytes) -> tuple[Span, Span]:
    """The one range in which two sources differ, in each: all before and behind it is equal."""
    both = range(1, min(len(old), len(new)) + 1)
    # Found by halves: where the first so many bytes are equal, so are fewer.
    start = bisect_left(both, 1, key=lambda n: old[:n] != new[:n])
    tail = bisect_left(both[: len(both) - start], 1, key=lambda n: old[-n:] != new[-n:])
    return Span(start, len(old) - tail), Span(start, len(new) - tail)


def _point(source: bytes, at: int) -> tree_sitter.Point:
    """Tree-sitter's row and byte column; its rows end at LF only."""
    return tree_sitter.Point(source.count(b"\n", 0, at), at - source.rfind(b"\n", 0, at) - 1)


def text_of(source: bytes, node: tree_sitter.Node) -> str:
    """A node's text; `Node.text` ends the process on a tree that was parsed through a callback."""
    return source[node.start_byte : node.end_byte].decode(errors="replace")


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The node and all below it, in source order; no recursion, so depth does not matter."""
    stack = [node]
    while stack:
        yield (current := stack.pop())
        stack.extend(reversed(current.children))
