"""Which rows of a file belong together, so that a model that sees some of them can change what it should.

Rows count from 0; a range is the first one and the one behind the last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import tree_sitter

    from twolane_context.spans import Span
    from twolane_context.trees import Parsed
    from twolane_server.text import Text

    Rows = tuple[int, int]

__all__ = ["apart", "commented_from", "statement", "told_apart", "whole_at_top"]

_COMMENT = re.compile(r"\s*(?://|/\*|\*|#|--)")
_MOST_ABOVE, _MOST_OF_STATEMENT, _MOST_AT_TOP = 60, 60, 40
_NEAR = 2  # ranges with no more rows between them are shown as one
# By how much, and how often, rows that stand in a file twice are shown with more around them.
_WIDER, _MOST_WIDENED = 4, 20
# What statements stand in, by tree-sitter's names in the languages that are refactored most.
_BODIES = frozenset(
    {
        *("module", "program", "source_file", "translation_unit", "chunk"),
        *("block", "statement_block", "class_body", "interface_body", "object_type", "enum_body"),
        *("declaration_list", "field_declaration_list", "enum_variant_list", "compound_statement"),
        *("switch_body", "match_block", "constructor_body", "body_statement"),
    }
)


def commented_from(lines: Sequence[str], row: int) -> int:
    """The row in which the comments begin that stand right above a row: they go where it goes."""
    top, limit = row, max(0, row - _MOST_ABOVE)
    while top > limit:
        above = top - 1
        if lines[above].rstrip().endswith("*/"):
            while above > limit and "/*" not in lines[above]:
                above -= 1
        if not _COMMENT.match(lines[above]):
            break
        top = above
    return top


def statement(text: Text, parsed: Parsed, at: int) -> Rows:
    """The rows of the innermost statement around a byte; of one that is long, the byte's alone."""
    node = parsed.tree.root_node.descendant_for_byte_range(at, at)
    while node is not None and (node.parent is None or node.parent.type not in _BODIES):
        node = node.parent
    row = text.row_of(at)
    return _short(text, node, _MOST_OF_STATEMENT) or (row, row + 1)


def whole_at_top(text: Text, parsed: Parsed, span: Span) -> Rows:
    """The rows of what stands at a file's top around a span, as `try` and `except` around an import.

    Where that is long, the span's rows.
    """
    cursor = parsed.tree.walk()
    cursor.goto_first_child_for_byte(span.start)
    own = text.row_of(span.start), text.row_of(max(span.start, span.end - 1)) + 1
    return _short(text, cursor.node, _MOST_AT_TOP) or own


def _short(text: Text, node: tree_sitter.Node | None, most: int) -> Rows | None:
    if node is None:
        return None
    end = max(node.start_byte, node.end_byte - 1)
    first, behind = text.row_of(node.start_byte), text.row_of(end) + 1
    return (first, behind) if behind - first <= most else None


def apart(wanted: Iterable[Rows], near: int = _NEAR) -> Iterator[Rows]:
    """Ranges in order, those with no more than so many rows between them as one."""
    done: Rows | None = None
    for first, end in sorted(wanted):
        if done is None:
            done = (first, end)
        elif first <= done[1] + near:
            done = (done[0], max(done[1], end))
        else:
            yield done
            done = (first, end)
    if done is not None:
        yield done


def told_apart(lines: Sequence[str], ranges: Iterable[Rows]) -> Iterator[Rows]:
    """Ranges with as much around that what stands in each stands only once in the file.

    Of lines that stand there twice, nobody could say which are to be changed.
    """
    bare = [line.strip() for line in lines]
    for first, end in ranges:
        for _ in range(_MOST_WIDENED):
            if _is_once(bare, first, end):
                break
            first, end = max(0, first - _WIDER), min(len(bare), end + _WIDER)  # noqa: PLW2901
        yield first, end


def _is_once(bare: Sequence[str], first: int, end: int) -> bool:
    part = bare[first:end]
    return not any(
        bare[row] == part[0] and row != first and bare[row : row + len(part)] == part
        for row in range(len(bare) - len(part) + 1)
    )
