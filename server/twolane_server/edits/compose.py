"""Putting new lines into a text so that no byte changes that need not.

Lines that stay keep their bytes, with the blanks and the line ending that they have; new ones get
the line ending of their place; the text ends with or without a line ending as it did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_server.edits.differences import differences
from twolane_server.errors import ReplyRefused
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_server.edits.matching import Match

__all__ = ["MARK", "Hunk", "bare", "composed", "hunks", "rows", "unmarked", "written"]

MARK = "\ufeff"
"""What a file may begin with; it is none of its lines, also where a model writes it."""


class Hunk(NamedTuple):
    """Rows of a text, from `start` to before `stop`, and the lines that take their place."""

    start: int
    stop: int
    lines: tuple[str, ...]

    def collides(self, other: Hunk) -> bool:
        """Whether both touch one row, or the same gap between two."""
        if self.start == self.stop or other.start == other.stop:
            return self.start <= other.stop and other.start <= self.stop
        return self.start < other.stop and other.start < self.stop


def rows(text: Text) -> tuple[str, ...]:
    """The lines that hold something or end: no empty one behind a final line ending, no mark first."""
    lines = text.lines if text.lines[-1] else text.lines[:-1]
    return (lines[0].removeprefix(MARK), *lines[1:]) if lines else ()


def unmarked(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines without the mark that files may begin with."""
    return (lines[0].removeprefix(MARK), *lines[1:]) if lines else ()


def bare(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n")


def hunks(lines: Sequence[str], match: Match) -> list[Hunk]:
    """What of a match's lines really changes."""
    key = bare if match.exact else _without_blanks
    old = lines[match.first : match.first + match.height]
    steps = differences([key(line) for line in old], [key(line) for line in match.replace])
    return [Hunk(match.first + i, match.first + k, match.replace[m:n]) for i, k, m, n in steps]


def composed(text: Text, changes: Iterable[Hunk]) -> Text:
    """The text with its hunks, which must not collide, put in.

    Raises:
        ReplyRefused: a line would be lost between a CR and an LF.
    """
    lines = rows(text)
    parts: list[str] = []
    done = 0
    for hunk in sorted(changes):
        parts += lines[done : hunk.start]
        end = _end_at(lines, hunk.start)
        new = hunk.lines if hunk.start else unmarked(hunk.lines)
        parts += [f"{line}{end}" for line in new]
        done = hunk.stop
    parts += lines[done:]
    if not parts:
        return Text.of(MARK if str(text).startswith(MARK) else "")
    usual = _end_at(lines, 0)
    parts = [line if _ended(line) else f"{line}{usual}" for line in parts]
    if lines and not _ended(lines[-1]):
        parts[-1] = bare(parts[-1])
    mark = MARK if str(text).startswith(MARK) else ""
    after = Text.of(mark + "".join(parts))
    if len(rows(after)) != len(parts) and any(map(bare, parts[-1:])):
        # A CR and the LF of an empty line below it would be one line ending.
        raise ReplyRefused("Lines would run together, since the file mixes its line endings.")
    return after


def written(lines: Sequence[str], end: str) -> Text:
    """A new text of these lines; it ends with a line ending."""
    kept = [*unmarked(lines)]
    while kept and not kept[-1].strip():
        kept.pop()
    return Text.of("".join(f"{line}{end}" for line in kept))


def _ended(line: str) -> bool:
    return line.endswith(("\r", "\n"))


def _end_at(lines: Sequence[str], row: int) -> str:
    """The line ending around a row: its own, or that of the one above, or else the first there is."""
    for line in (*lines[row : row + 1], *reversed(lines[max(0, row - 1) : row]), *lines[:1]):
        if _ended(line):
            return line[len(bare(line)) :]
    return "\n"


def _without_blanks(line: str) -> str:
    return line.rstrip()
