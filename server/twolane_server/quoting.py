"""What a message of another tool quotes: names of code that its reader need not have shown anybody.

A type checker tells of a line in an open file what the file under NDA beside it declares: parameters,
members, types. Such a message is as secret as the code that it quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.names import words
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_context.index import Index
    from twolane_server.indexing import Verdict

__all__ = ["foreign_names", "quoted_file"]

_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
# An apostrophe within a word opens no quotation.
_QUOTED = re.compile(
    r"(?<!\w)(['\"`])([^\n]+?)\1|\N{LEFT SINGLE QUOTATION MARK}[^\n]+?\N{RIGHT SINGLE QUOTATION MARK}"
    r"|\N{LEFT DOUBLE QUOTATION MARK}[^\n]+?\N{RIGHT DOUBLE QUOTATION MARK}"
)
# A word in small letters, with nothing at it that joins it to a name.
_PROSE = re.compile(r"(?<![.:(<\[{@/\\])[a-z]+(?![(<\[{/\\]|[.:]\S)")


def foreign_names(message: str, source: bytes) -> tuple[str, ...]:
    """The names in a message that do not stand in the text that it is about, in their order.

    Words of prose are no names, unless they are quoted or joined to something else.

    Args:
        message: of a compiler or a checker.
        source: the text, in UTF-8.
    """
    own = words(source)
    quoted = [found.span() for found in _QUOTED.finditer(message)]

    def is_name(start: int, end: int) -> bool:
        prose = _PROSE.match(message, start)
        cited = any(first <= start and end <= last for first, last in quoted)
        return cited or prose is None or prose.end() != end

    found = (each.span() for each in _NAME.finditer(message))
    names = dict.fromkeys(message[start:end] for start, end in found if is_name(start, end))
    return tuple(name for name in names if b"\n%b\n" % encode(name) not in own)


def quoted_file(
    names: tuple[str, ...], index: Index, verdict: Callable[[str], Verdict]
) -> str | None:
    """A file under NDA that holds one of the names, which no open file does; `None` where none does.

    Args:
        names: see `foreign_names`.
        index: of the repository.
        verdict: what holds for each of its files.
    """
    for name in names:
        holding = [file.path for file in index.holding(name)]
        holding += [path for path in index.files if name in path and name in _NAME.findall(path)]
        if holding and not any(verdict(path).open for path in holding):
            return holding[0]
    return None
