"""Places in a text, in the engine's own vocabulary.

The engine counts UTF-8 bytes from the start of the text, as tree-sitter does. Rows are 0-based.
Lines as people see them (1-based, inclusive) appear only where something is shown: see
`fragments.Origin`. Editors' positions are converted in one place, outside the engine.
"""

from __future__ import annotations

from dataclasses import dataclass

BLANKS = b" \t\f\r\n"
"""White space, as far as it parts tokens."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)` of UTF-8 byte offsets into one text.

    Raises:
        ValueError: when `start` is negative or lies behind `end`.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def __bool__(self) -> bool:
        """A span is true even when it is empty: an empty selection is still a place."""
        return True

    def contains(self, other: Span) -> bool:
        """Whether `other` lies within this span; equal spans contain each other."""
        return self.start <= other.start and other.end <= self.end

    def touches(self, other: Span) -> bool:
        """Whether the two share a byte or meet at an end."""
        return self.start <= other.end and other.start <= self.end

    def cut(self, source: bytes) -> bytes:
        """The bytes of `source` in this span."""
        return source[self.start : self.end]


def trimmed(source: bytes, end: int) -> int:
    """`end` without the white space directly before it."""
    while end and source[end - 1] in BLANKS:
        end -= 1
    return end
