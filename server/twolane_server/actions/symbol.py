"""Which symbol a place means: the name at the cursor, or that of the definition around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.actions.docs.definitions import definition_at, name_of

if TYPE_CHECKING:
    from twolane_context.spans import Span
    from twolane_context.trees import Parsed

__all__ = ["symbol_places"]

_WORD = re.compile(rb"[^\W\d]\w*|[A-Za-z_$][\w$]*")


def symbol_places(parsed: Parsed, selection: Span) -> tuple[int, ...]:
    """The bytes at which the symbol's name may stand, the likeliest first.

    A selection of more than a word means the definition that it is in.
    """
    found: list[int] = []
    around = parsed.source[max(0, selection.start - 200) : selection.end + 200]
    shift = max(0, selection.start - 200)
    for word in _WORD.finditer(around):
        start, end = word.start() + shift, word.end() + shift
        if start <= selection.start and selection.end <= end:
            found.append(start)
    node = definition_at(parsed, selection)
    if node is not None:
        name = name_of(parsed, node).encode("utf-8")
        at = parsed.source.find(name, node.start_byte, node.end_byte) if name else -1
        named = node.child_by_field_name("name")
        found.append(at if named is None else named.start_byte)
    return tuple(dict.fromkeys(at for at in found if at >= 0))
