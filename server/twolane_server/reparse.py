"""Syntax trees of open documents, parsed again only where the text changed, and in slices."""

from __future__ import annotations

import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, cast

import tree_sitter

from twolane_context.languages import grammar
from twolane_context.spans import Span
from twolane_context.trees import Parsed, as_known, changed, edited

if TYPE_CHECKING:
    from collections.abc import Generator

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
    same = previous is not None and previous.language == language
    if previous is not None and same and previous.source == source:
        return previous
    # What was mended may need it no longer, which its old tree would hide.
    if previous is not None and same and not previous.mended:
        again = yield from _sliced(language, source, edited(previous, source), slice_seconds)
        # Tree-sitter mends broken code in ways that depend on the old tree (measured: after one in
        # 7,000 random edits), and the same text must always give the same facts.
        if not again.root_node.has_error:
            return Parsed(language, source, again)
    fresh = yield from _sliced(language, source, None, slice_seconds)
    if fresh.root_node.has_error and (text := as_known(language, source)) != source:
        mended = yield from _sliced(language, text, None, slice_seconds)
        if not mended.root_node.has_error:
            return Parsed(language, source, mended, mended=True)
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


def earlier(span: Span, old: bytes, new: bytes) -> Span:
    """Where a span of `new` was in `old`; what is new itself was at the change."""
    before, after = changed(old, new)

    def place(offset: int) -> int:
        if offset <= after.start:
            return offset
        return before.start if offset < after.end else offset - after.end + before.end

    return Span(place(span.start), place(span.end))
