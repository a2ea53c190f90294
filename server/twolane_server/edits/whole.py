"""Whole definitions that a model wrote anew: each takes the place of the one of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_context.definitions import Kind
from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.edits.compose import bare, rows
from twolane_server.edits.directives import comments
from twolane_server.edits.lines import (
    indent_unit,
    line_end,
    line_start,
    next_line,
    skip_blanks,
)
from twolane_server.edits.matching import Match
from twolane_server.edits.reindent import fitted
from twolane_server.text import Text, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.definitions import Definition
    from twolane_context.trees import Parsed

__all__ = ["whole_definitions"]

_CALLED = frozenset({Kind.FUNCTION, Kind.METHOD})
_NOT_WHOLE = "holds more than whole definitions; write SEARCH and REPLACE blocks instead"


def whole_definitions(path: str, text: Text, lines: Sequence[str]) -> list[Match] | str:
    """Where definitions go that stand alone in a fence, or why they go nowhere.

    Args:
        path: the file.
        text: what it holds.
        lines: what the model wrote.

    Returns:
        The places, or the end of a sentence.
    """
    language = language_for(path)
    if language is None:
        return "exists already; write SEARCH and REPLACE blocks instead"
    old = parse(language, text.source)
    new = parse(language, encode("\n".join(lines).strip("\n") + "\n"))
    written = [one for one in _definitions(new) if one.parent is None]
    if not written or not _covered(new, written) or new.tree.root_node.has_error:
        return _NOT_WHOLE
    found: list[Match] = []
    for one in written:
        place = _place(old, new, one)
        if isinstance(place, str):
            return place
        found.append(_match(old, new, one, place))
    return found


def _definitions(parsed: Parsed) -> list[Definition]:
    return list(extract(parsed).definitions)


def _members(parsed: Parsed, owner: Definition) -> set[str]:
    facts = extract(parsed)
    held = [(one, one.parent) for one in facts.definitions]
    return {one.name for one, at in held if at is not None and facts.symbols[at] == owner}


def _covered(parsed: Parsed, written: Sequence[Definition]) -> bool:
    """Whether nothing but comments stands outside the definitions."""
    rest = bytearray(parsed.source)
    spans = [one.span for one in written]
    spans += [Span(node.start_byte, node.end_byte) for node in comments(parsed)]
    for span in spans:
        rest[span.start : span.end] = b" " * len(span)
    return not rest.replace(b";", b" ").strip()


def _place(old: Parsed, new: Parsed, one: Definition) -> Definition | str:
    """The definition of that name, if there is one and the new one may stand for it."""
    kinds = _CALLED if one.kind in _CALLED else {one.kind}
    same = [other for other in _definitions(old) if other.name == one.name and other.kind in kinds]
    if len(same) != 1:
        count = "no" if not same else "more than one"
        return f"has {count} definition named {one.name}; write SEARCH and REPLACE blocks instead"
    lost = _members(old, same[0]) - _members(new, one)
    if lost:
        return (
            f"would lose members of {one.name} ({', '.join(sorted(lost)[:5])}); write SEARCH and "
            "REPLACE blocks instead"
        )
    source, end = old.source, line_end(old.source, same[0].end)
    lead = source[line_start(source, same[0].start) : same[0].start]
    if lead.strip() or source[same[0].end : end].strip(b" \t;"):
        return (
            f"has {one.name} in one line with other code; write SEARCH and REPLACE blocks instead"
        )
    return same[0]


def _match(old: Parsed, new: Parsed, one: Definition, place: Definition) -> Match:
    start, to = line_start(old.source, place.start), line_start(new.source, one.start)
    above = _above(new, to)
    if above < to:
        # What the model wrote above its definition stands for what is above the old one.
        start, to = _above(old, start), above
    source = old.source
    first = len(rows(Text.of(decode(source[:start]))))
    height = len(rows(Text.of(decode(source[start : line_end(source, place.end)]))))
    code = decode(new.source[to : line_end(new.source, one.end)])
    indent = decode(source[start : skip_blanks(source, start)])
    lines = fitted(code, old.language, indent, indent_unit(source)).split("\n")
    return Match(first, height, tuple(map(bare, lines)), exact=False)


def _above(parsed: Parsed, start: int) -> int:
    """Where the comments begin that stand right above a line and have their lines to themselves."""
    source = parsed.source
    for node in reversed(comments(parsed)):
        end = line_end(source, node.end_byte)
        alone = not source[line_start(source, node.start_byte) : node.start_byte].strip()
        # Some grammars take the line's end in, others do not.
        if alone and next_line(source, max(node.start_byte, node.end_byte - 1)) == start:
            start = line_start(source, node.start_byte)
        elif end < start:
            break
    return start
