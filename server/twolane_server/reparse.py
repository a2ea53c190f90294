"""Syntax trees of open documents, parsed again only where the text changed, and in slices."""

from __future__ import annotations

import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, cast

import tree_sitter

from twolane_context.languages import grammar
from twolane_context.spans import Span
from twolane_context.trees import Parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from twolane_context.languages import Language


def parse_in_slices(
    language: Language, source: bytes, previous: Parsed | None, slice_seconds: float
) -> Generator[None, None, Parsed]:
    """`parse` for an event loop: yields after each slice of about `slice_seconds` of work.

    The tree depends on the source alone, not on the way there.

    Args:
        language: the grammar.
        source: UTF-8.
        previous: an earlier version of it, whose tree is used again as far as may be.
        slice_seconds: when to yield; `inf` for never.
    """
    if previous is not None and previous.language == language:
        if previous.source == source:
            return previous
        again = yield from _sliced(language, source, _edited(previous, source), slice_seconds)
        # Tree-sitter mends broken code in ways that depend on the old tree (measured: after one in
        # 7,000 random edits), and the same text must always give the same facts.
        if not again.root_node.has_error:
            return Parsed(language, source, again)
    fresh = yield from _sliced(language, source, None, slice_seconds)
    return Parsed(language, source, fresh)


def _sliced(
    language: Language, source: bytes, old: tree_sitter.Tree | None, slice_seconds: float
) -> Generator[None, None, tree_sitter.Tree]:
    parser = tree_sitter.Parser(grammar(language))
    run = parser.parse if old is None else partial(parser.parse, old_tree=old)
    if slice_seconds == inf:
        return run(source)
    end = 0.0
    # py-tree-sitter 0.26 never lets go of what `read` gives it: two references each time. A view
    # that is released keeps nothing alive.
    views: list[memoryview] = []

    def read(offset: int, _: object) -> bytes:
        views.append(memoryview(source)[offset:])
        return cast("bytes", views[-1])

    def over(*_: object) -> bool:
        return time.perf_counter() > end

    try:
        while True:
            end = time.perf_counter() + slice_seconds
            try:
                return run(read, progress_callback=over)
            except ValueError:
                # Stopped by `over`; called again with the same arguments, it goes on from there.
                yield
    finally:
        for view in views:
            view.release()


def _edited(previous: Parsed, source: bytes) -> tree_sitter.Tree:
    """A copy of the previous tree that knows which of its bytes are now others."""
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
    return tree


def earlier(span: Span, old: bytes, new: bytes) -> Span:
    """Where a span of `new` was in `old`; what is new itself was at the change."""
    before, after = changed(old, new)

    def place(offset: int) -> int:
        if offset <= after.start:
            return offset
        return before.start if offset < after.end else offset - after.end + before.end

    return Span(place(span.start), place(span.end))


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
