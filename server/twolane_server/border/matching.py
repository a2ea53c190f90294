"""Where the code under NDA in a text is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.prints import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from twolane_server.border.print_store import Hit

__all__ = ["Match", "largest"]

_APART = 3  # lines without a hit that part one copy from the next


class Match(NamedTuple):
    """Code under NDA in a text.

    Attributes:
        kind: by what it was recognised.
        path: the file that has it, or had it.
        first_line: 1-based, in that file.
        last_line: of the last hit's start.
    """

    kind: Kind
    path: str
    first_line: int
    last_line: int

    def __str__(self) -> str:
        if self.kind is Kind.WHOLE:
            return f"it is the same as {self.path}, which is NDA"
        what = {Kind.SHAPE: "code with other names but the shape of", Kind.NAME: "a name of"}
        rows = f"line {self.first_line}"
        if self.last_line > self.first_line:
            rows = f"about lines {self.first_line} to {self.last_line}"
        return f"it holds {what.get(self.kind, 'code of')} {self.path} ({rows}), which is NDA"


def largest(path: str, hits: Sequence[Hit], kinds: Mapping[int, Kind]) -> Match:
    """Of a file's hits the lines that lie together and have most."""
    best: list[Hit] = []
    group: list[Hit] = []
    for hit in sorted(hits, key=lambda each: each.line):
        if group and hit.line - group[-1].line > _APART:
            group = []
        group.append(hit)
        if len(group) > len(best):
            best = list(group)
    kind = min(kinds[hit.hash] for hit in best)
    return Match(kind, path, best[0].line, best[-1].line)
