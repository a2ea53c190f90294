r"""An immutable text with the line structure of the Language Server Protocol.

Only LF, CRLF and CR end a line (LSP 3.17, "Text Documents"). `str.splitlines` also splits at form
feed, U+2028 and others, after which every position below them is wrong; so lines are split here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.spans import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of `text` with their ends; the last has none, and is empty after a final end.

    `"".join(split_lines(text)) == text`, and there is always at least one line.
    """
    lines = _LINE.findall(text)
    if not lines or lines[-1].endswith(("\r", "\n")):
        lines.append("")
    return tuple(lines)


def encode(text: str) -> bytes:
    """UTF-8, lone surrogates included, since an editor's JSON may hold them."""
    return text.encode("utf-8", "surrogatepass")


def decode(source: bytes) -> str:
    """The inverse of `encode`.

    Raises:
        UnicodeDecodeError: when `source` is not UTF-8.
    """
    return source.decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Text:
    """Lines with their ends. Make one with `Text.of`. Its `repr` holds no text.

    Attributes:
        lines: as `split_lines` gives them.
    """

    lines: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Text:
        """The text split into its lines."""
        return cls(split_lines(text))

    def __str__(self) -> str:
        return "".join(self.lines)

    @cached_property
    def source(self) -> bytes:
        """The whole text as UTF-8, which spans count in."""
        return encode("".join(self.lines))

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        # Of bytes, it splits where a line ends here; there are thousands.
        sizes = list(map(len, self.source.splitlines(keepends=True)))
        sizes += [0] * (len(self.lines) - len(sizes))  # the last may be empty
        return (0, *accumulate(sizes))

    def row_start(self, row: int) -> int:
        """The byte offset at which `row` (0-based) starts; the text's end for a row behind it."""
        return self._starts[min(max(row, 0), len(self.lines))]

    def row_of(self, offset: int) -> int:
        """The 0-based row that holds the byte `offset`; the last row for an offset behind it."""
        low, high = 0, len(self.lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._starts[middle] <= offset:
                low = middle
            else:
                high = middle - 1
        return low

    def cut(self, span: Span) -> str:
        """The text in `span`.

        Raises:
            UnicodeDecodeError: when the span does not lie on character boundaries.
        """
        return decode(span.cut(self.source))

    def replaced(self, edits: Iterable[tuple[Span, str]]) -> Text:
        """The text after `edits`, which must not overlap; all spans count in this text."""
        parts: list[bytes] = []
        done = 0
        for span, new in sorted(edits, key=lambda edit: edit[0]):
            if span.start < done:
                raise ValueError(f"edits overlap at byte {span.start}")
            parts += [self.source[done : span.start], encode(new)]
            done = span.end
        parts.append(self.source[done:])
        return Text.of(decode(b"".join(parts)))

    def spliced(self, start: tuple[int, int], end: tuple[int, int], new: str) -> Text:
        """The text with one range replaced, in time that hardly grows with the text's length.

        Args:
            start: row and column, both 0-based, the column in code points and within the line
                before its end; see `clamped`.
            end: the same, not before `start`.
            new: what takes the range's place.
        """
        first, last = start[0], end[0]
        # A line feed typed after a lone CR joins it: start one line earlier.
        joins = first > 0 and start[1] == 0 and self.lines[first - 1].endswith("\r")
        before = self.lines[first - 1] if joins else ""
        middle = before + self.lines[first][: start[1]] + new + self.lines[last][end[1] :]
        fresh = split_lines(middle)
        if last + 1 < len(self.lines) and fresh[-1] == "":
            # `middle` ended its last line; what follows is the next line, not an empty one.
            fresh = fresh[:-1]
        return Text(self.lines[: first - (1 if joins else 0)] + fresh + self.lines[last + 1 :])

    def clamped(self, row: int, column: int) -> tuple[int, int]:
        """The nearest real position, as LSP asks of a column behind the line's end."""
        if row < 0:
            return 0, 0
        if row >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1].rstrip("\r\n"))
        return row, min(max(column, 0), len(self.lines[row].rstrip("\r\n")))
