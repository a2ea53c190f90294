"""Which definition a selection is in, as the person at the editor sees it."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.actions.documentation import documentation, documents_above, line_opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.definitions import Definition
    from twolane_context.trees import Parsed

_LINE_REST = re.compile(rb"[ \t]*(?:\r\n|\n|\r|\Z)")


class Enclosing:
    """The definitions of a file by where a selection counts as within them.

    The doc comment above one, the indentation of its first line and the end of its last one belong to
    it, so that whole lines may be selected.

    Args:
        parsed: the file.
        definitions: in source order.
    """

    def __init__(self, parsed: Parsed, definitions: Sequence[Definition]) -> None:
        self._source, self._definitions = parsed.source, definitions
        self._firsts = [one.start for one in definitions]
        if documents_above(parsed.language):  # else its documentation is within it anyway
            docs = documentation(parsed, definitions)
            both = zip(self._firsts, docs, strict=True)
            self._firsts = [min(first, doc.start) if doc else first for first, doc in both]
        # None from a place on begins earlier, as far as that.
        self._later = [*accumulate(reversed(self._firsts), min)][::-1]

    def innermost(self, span: Span) -> Definition | None:
        """The innermost definition that holds `span`, or `None`."""
        source, start, end = self._source, span.start, span.end
        line_end = source.find(b"\n", start)
        on_later_lines = bisect_right(self._later, len(source) if line_end < 0 else line_end)
        for at in range(on_later_lines - 1, -1, -1):
            if start <= self._definitions[at].end:
                reach = self.reach(at)
                if reach.start <= start and end <= reach.end:
                    return self._definitions[at]
        return None

    def reach(self, at: int) -> Span:
        """Where a selection counts as within the definition of that index."""
        first, end = self._firsts[at], self._definitions[at].end
        opening, rest = line_opening(self._source, first), _LINE_REST.match(self._source, end)
        return Span(first if opening is None else opening, rest.end() if rest else end)
