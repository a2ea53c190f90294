"""A whole file that a model wrote anew: taken for one only if nothing that the old one says is missing.

Models answer with a file where blocks were asked for, and they also answer with a part of one. A part must
never take the place of the whole. So each statement at the top of the old file must be there again: as it was,
or as a definition of the same name. Only as many names may be missing as have come, since a definition
may be renamed; and of the imports most must stay.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.edits.compose import bare, rows
from twolane_server.edits.directives import COMMENTS
from twolane_server.edits.matching import Match
from twolane_server.text import Text, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twolane_context.facts import Facts
    from twolane_context.trees import Parsed

__all__ = ["whole_file"]

_IMPORTS_KEPT = 0.5


def whole_file(path: str, text: Text, lines: Sequence[str]) -> Match | None:
    """All of a file as one match, or `None` where the lines may be only a part of it.

    Args:
        path: the file.
        text: what it holds.
        lines: what the model wrote, without line endings.
    """
    language = language_for(path)
    if language is None:
        return None
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    old, new = parse(language, text.source), parse(language, encode("\n".join(kept) + "\n"))
    if not kept or new.tree.root_node.has_error or _lost(old, new):
        return None
    height = len(rows(text))
    while height and not bare(rows(text)[height - 1]).strip():
        height -= 1
    return Match(0, height, tuple(map(bare, kept)), exact=False)


def _lost(old: Parsed, new: Parsed) -> bool:
    before, after = extract(old), extract(new)
    there = {text for _, text in _placed(new)}
    was, now = (Counter(_names(one)) for one in (before, after))
    gone = was - now
    if len(gone) > 1 or gone.total() > (now - was).total():
        return True
    heads = [(one.start, one.end) for one in before.imports]
    imports = [text for start, text in _placed(old) if _within(start, heads)]
    if sum(one in there for one in imports) < _IMPORTS_KEPT * len(imports):
        return True
    named = [(one.start, one.end) for one in before.symbols]
    return any(
        text not in there
        for start, text in _placed(old)
        if not _within(start, heads) and not _holds(start, len(text), named)
    )


def _names(facts: Facts) -> Iterator[str]:
    """What a file defines, at its top and below: a definition with fewer members is another one."""
    yield from (one.name for one in facts.symbols)


def _placed(parsed: Parsed) -> Iterator[tuple[int, bytes]]:
    """The statements at the top of a file, each with the byte at which it starts; no comments."""
    for node in parsed.tree.root_node.children:
        if node.is_named and node.type not in COMMENTS:
            text = parsed.source[node.start_byte : node.end_byte]
            yield node.start_byte, b" ".join(text.split())


def _within(start: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= start < end for first, end in spans)


def _holds(start: int, length: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a statement has a definition in it."""
    return any(start <= first < start + length for first, _ in spans) or _within(start, spans)
