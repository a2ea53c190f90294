"""Instructions for a rewrite that stand in the file, as a comment at or above the selection."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twolane_context.spans import Span
from twolane_server.edits.directives import COMMENTS, is_directive
from twolane_server.edits.lines import line_end, line_start, next_line, skip_blanks
from twolane_server.text import decode

if TYPE_CHECKING:
    from twolane_context.trees import Parsed

_PLAIN = re.compile(r"(?s)(?:#(?!!)|//(?![/!])|/\*(?![*!])|--(?![-\[]))")
_MARKS = re.compile(r"^[ \t]*(?:#+|/{2,}|--|/\*+|\*+(?!/))?[ \t]*|[ \t]*(?:\*+/)?[ \t]*$")


@dataclass(frozen=True, slots=True)
class Written:
    """An instruction found in the file: its words, and where its comment is."""

    words: str = field(repr=False)
    span: Span


def instruction_in(parsed: Parsed, target: Span) -> Written | None:
    """The instruction in the comment that is the first line, or lines, of `target`."""
    found: list[Span] = []
    offset = target.start
    while offset < target.end:
        comment = _comment_line(parsed, offset)
        if comment is None:
            break
        found.append(comment)
        offset = next_line(parsed.source, comment.end)
    return _written(parsed, found)


def instruction_above(parsed: Parsed, target: Span, name: str = "") -> Written | None:
    """The instruction in the comment directly above `target`, with no blank line between.

    Args:
        parsed: the file.
        target: whole lines.
        name: of the definition below; in Go, a comment that starts with it is documentation.
    """
    found: list[Span] = []
    start = target.start
    while start > 0:
        above = line_start(parsed.source, start - 1)
        comment = _comment_line(parsed, above)
        if comment is None:
            break
        start = line_start(parsed.source, comment.start)
        found.insert(0, comment)
    written = _written(parsed, found)
    if written and parsed.language.name == "go" and name and written.words.startswith(f"{name} "):
        return None
    return written


def _comment_line(parsed: Parsed, offset: int) -> Span | None:
    """The plain comment that has the line of `offset` (and maybe more) to itself."""
    start = skip_blanks(parsed.source, line_start(parsed.source, offset))
    node = parsed.tree.root_node.descendant_for_byte_range(start, start + 1)
    while node is not None and node.type not in COMMENTS:
        node = node.parent
    if node is None or start == len(parsed.source):
        return None
    first = skip_blanks(parsed.source, line_start(parsed.source, node.start_byte))
    text = parsed.source[node.start_byte : node.end_byte].rstrip()
    end = node.start_byte + len(text)
    alone = (
        first == node.start_byte and not parsed.source[end : line_end(parsed.source, end)].strip()
    )
    plain = _PLAIN.match(decode(text)) and not is_directive(decode(text))
    return Span(node.start_byte, end) if alone and plain else None


def _written(parsed: Parsed, comments: list[Span]) -> Written | None:
    if not comments:
        return None
    texts = [decode(span.cut(parsed.source)) for span in comments]
    lines = [_MARKS.sub("", line) for text in texts for line in re.split(r"\r\n|\r|\n", text)]
    words = " ".join(line for line in lines if line)
    span = Span(comments[0].start, comments[-1].end)
    return Written(words, span) if words else None
