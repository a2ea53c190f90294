"""What a selection, an instruction or a diff needs from the repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.rank import Candidate, Place, Tier, ranked
from twolane_context.spans import Span
from twolane_context.uses import uses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_context.outline import Outline
    from twolane_context.resolve import Resolver
    from twolane_context.trees import Parsed

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_FILE = re.compile(r"^\+\+\+ (?:b/)?([^\t\r\n]+)", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w{2,}")
_MOST_MEANT = 3


class Selection(NamedTuple):
    """Rows of a file: 0-based, inclusive."""

    path: str
    first: int
    last: int


def needed(
    resolver: Resolver, parsed: Parsed | None, selection: Selection, most_callers: int
) -> list[Candidate]:
    """The definitions that a selection needs, the surest first.

    Args:
        resolver: the repository.
        parsed: the file's tree; `None` for a language without a grammar, which needs nothing.
        selection: where. A selection within a definition stands for all of it.
        most_callers: how many of those who call it, at most.
    """
    file = resolver.index.files.get(selection.path)
    if file is None or parsed is None:
        return []
    inside, rows = around(file.outline, selection.first, selection.last)
    used = uses(parsed, row_span(parsed.source, *rows))
    return ranked(resolver, Place(file, inside, rows), used, most_callers)


def meant(resolver: Resolver, text: str) -> list[Candidate]:
    """The definitions whose names stand in an instruction; none of names that many share."""
    found: dict[tuple[str, int], Candidate] = {}
    for name in dict.fromkeys(_NAME.findall(text)):
        defining = resolver.index.defining(name)
        if len(defining) <= _MOST_MEANT:
            for file, at in defining:
                found[file.path, at] = Candidate(file, at, Tier.LIKELY)
    return list(found.values())


def changed_rows(diff: str) -> list[Selection]:
    """The rows that a unified diff changes, in the files as they are after it."""
    found: list[Selection] = []
    files = [*_FILE.finditer(diff)]
    for number, match in enumerate(files):
        end = files[number + 1].start() if number + 1 < len(files) else len(diff)
        for hunk in _HUNK.finditer(diff, match.end(), end):
            first, count = int(hunk[1]) - 1, int(hunk[2] or 1)
            if count:
                found.append(Selection(match[1], first, first + count - 1))
    return found


def merged(lists: Iterable[list[Candidate]]) -> list[Candidate]:
    """The candidates of several questions, each once, the surest first."""
    found: dict[tuple[str, int], Candidate] = {}
    for one in sorted((c for some in lists for c in some), key=lambda candidate: candidate.tier):
        found.setdefault((one.file.path, one.symbol_index), one)
    return list(found.values())


def around(outline: Outline, first: int, last: int) -> tuple[int, tuple[int, int]]:
    """The innermost definition that holds some rows, or -1, and the rows it stands for."""
    for at in outline.holders(outline.innermost(first)):
        if outline.symbols[at].end >= last:
            return at, (outline.symbols[at].start, outline.symbols[at].end)
    return -1, (first, last)


def row_span(source: bytes, first: int, last: int) -> Span:
    """The bytes of some rows, `last` included."""
    lines = source.split(b"\n")
    start = sum(len(line) + 1 for line in lines[:first])
    end = start + sum(len(line) + 1 for line in lines[first : last + 1])
    return Span(min(start, len(source)), min(end, len(source)))
