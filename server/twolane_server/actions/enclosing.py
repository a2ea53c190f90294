"""Which definition a selection is in, as the person at the editor sees it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.documentation import documentation, documents_above, line_opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.definitions import Definition
    from twolane_context.trees import Parsed

_LINE_REST = re.compile(rb"[ \t]*(?:\r\n|\n|\r|\Z)")


def reaches(parsed: Parsed, definitions: Sequence[Definition]) -> list[Span]:
    """For each definition, where a selection counts as within it.

    The doc comment above it, the indentation of its first line and the end of its last one belong
    to it, so that whole lines may be selected.
    """
    docs: Sequence[Span | None] = [None] * len(definitions)
    if documents_above(parsed.language):  # else they are within the definition anyway
        docs = documentation(parsed, definitions)
    return [
        _reach(parsed.source, one.start, one.end, doc)
        for one, doc in zip(definitions, docs, strict=True)
    ]


def enclosing(
    definitions: Sequence[Definition], reaches: Sequence[Span], span: Span
) -> Definition | None:
    """The innermost definition that holds `span`, or `None`."""
    start, end = span.start, span.end
    for at in range(len(reaches) - 1, -1, -1):
        reach = reaches[at]  # of which there are hundreds, so that nothing is called
        if reach.start <= start and end <= reach.end and start <= definitions[at].end:
            return definitions[at]
    return None


def _reach(source: bytes, start: int, end: int, doc: Span | None) -> Span:
    start = min(start, doc.start) if doc else start
    opening = line_opening(source, start)
    rest = _LINE_REST.match(source, end)
    return Span(start if opening is None else opening, rest.end() if rest else end)
