"""The files of an impact set as a model reads them: whole, or the parts around the symbol's places.

What one question cannot hold of a file is shown in several, each with some of these parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from twolane_context.definitions import HELD
from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.names import WORD
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.excerpt import excerpt
from twolane_server.actions.pieces import fence, ours
from twolane_server.actions.refactor_rows import (
    apart,
    commented_from,
    statement,
    told_apart,
    whole_at_top,
)
from twolane_server.fragments import Fragment, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from twolane_server.actions.impact import Source
    from twolane_server.text import Text

__all__ = ["Section", "brief", "cut", "definitions", "leaned_on", "whole"]

_MOST_ROWS = 80
_MOST_SHOWN = 600
_AROUND = 6
# Above and below a definition, so that it can be taken away; and of a file into which something is to come.
_BESIDE, _ENDS = 2, 40
# Rows among imports that are shown with them.
_AMONG = 16
# A part that is shown in pieces ends at the first empty line behind so many, or else a little later.
_ROWS, _MORE_ROWS = 12, 12
_END = re.compile(r"\r\n|\r")


@dataclass(frozen=True)
class Section:
    """What one question shows of a file.

    Attributes:
        source: the file.
        rows: which of its rows, as ranges in order, apart from each other.
    """

    source: Source
    rows: tuple[tuple[int, int], ...]

    @property
    def path(self) -> str:
        """The file's path within the repository."""
        return self.source.path

    @cached_property
    def shown(self) -> tuple[Fragment, ...]:
        """These rows, below the file's path."""
        return _shown(self.source, self.rows)

    @cached_property
    def sites(self) -> int:
        """How often the symbol is certainly named in these rows."""
        rows = map(self.source.text.row_of, self.source.sites)
        return sum(any(first <= row < end for first, end in self.rows) for row in rows)

    def holds(self, row: int) -> bool:
        """Whether a row is among them."""
        return any(first <= row < end for first, end in self.rows)

    def tokens(self, model: str) -> int:
        """How many tokens a model makes of them."""
        return sum(part.tokens(model) for part in self.shown)


def whole(source: Source) -> Section:
    """All of a file."""
    return Section(source, ((0, len(source.text.lines)),))


def brief(
    source: Source, kept: Sequence[tuple[int, int]] = (), *, statements: bool = False
) -> Section:
    """Of a file its imports, and the definitions in which the symbol is named.

    Where these are long, only some lines around each place. Of a file in which it is not named, the person
    wants something else: its beginning and its end.

    Args:
        source: the file.
        kept: rows that are shown whatever their number.
        statements: whether the whole statement around each place is shown, since more than a name may change.
    """
    parts = tuple(_parts(source, kept, statements=statements))
    long = sum(end - first for first, end in parts) > _MOST_SHOWN
    if long:
        parts = tuple(_parts(source, kept, statements=statements, whole=False))
    return Section(source, parts)


def definitions(source: Source, name: str) -> list[tuple[int, int]]:
    """The rows of the symbol's own definitions in a file, with some around them."""
    language, text = language_for(source.path), source.text
    if language is None:
        return []
    return [
        _around(source, one.start, one.end)
        for one in extract(parse(language, text.source)).definitions
        if one.name == name and one.at in source.sites
    ]


def leaned_on(source: Source, name: str) -> Iterator[tuple[int, int]]:
    """The first rows of what the symbol's own definitions use of their file: where they go, it may be exported."""
    language, text = language_for(source.path), source.text
    if language is None:
        return
    tree = parse(language, text.source)
    facts = extract(tree)
    for one in facts.definitions:
        if one.name == name and one.at in source.sites:
            words = {found[0] for found in WORD.finditer(text.source, one.start, one.end)}
            held = (v for v in facts.symbols if v.kind in HELD and v.parent is None)
            used = [v.at for v in held if v.name.encode() in words]
            yield from ((text.row_of(at), text.row_of(at) + 1) for at in used)
            for span in excerpt(tree, facts, Span(one.at, one.at)).signatures:
                yield text.row_of(span.start), text.row_of(max(span.start, span.end - 1)) + 1


def _around(source: Source, start: int, end: int) -> tuple[int, int]:
    text = source.text
    top, below = text.row_of(start), text.row_of(max(start, end - 1)) + 1
    top = commented_from(text.lines, top)
    return max(0, top - _BESIDE), min(len(text.lines), _filled(text, below) + _BESIDE)


def _filled(text: Text, row: int) -> int:
    """The first row from one on that is not blank: with what stands above them, blank ones go."""
    return next((n for n in range(row, len(text.lines)) if text.lines[n].strip()), len(text.lines))


def cut(section: Section, fits: Callable[[Sequence[Section]], bool]) -> Iterator[Section]:
    """A section in as few as fit, each row in one of them.

    Args:
        section: what is to be shown.
        fits: whether a question can hold some pieces; one is given, whether it can or not.
    """
    source = section.source
    now: list[Section] = []
    # What stands together stays so where one question can hold it: it may go as a whole.
    wholes = (
        [each] if fits([Section(source, (each,))]) else _pieces(source, *each)
        for each in section.rows
    )
    for rows in (one for some in wholes for one in some):
        piece = Section(source, (rows,))
        if now and not fits([*now, piece]):
            yield _joined(now)
            now = []
        now.append(piece)
    if now:
        yield _joined(now)


def _joined(pieces: Sequence[Section]) -> Section:
    rows: list[tuple[int, int]] = []
    for first, end in (one for piece in pieces for one in piece.rows):
        if rows and rows[-1][1] == first:
            rows[-1] = (rows[-1][0], end)
        else:
            rows.append((first, end))
    return Section(pieces[0].source, tuple(rows))


def _pieces(source: Source, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Rows in pieces that end where a line is empty, as long as there is one."""
    lines = source.text.lines
    while end - first > _ROWS + _MORE_ROWS:
        rows = range(first + _ROWS, first + _ROWS + _MORE_ROWS)
        behind = next((row for row in rows if not lines[row].strip()), rows[-1]) + 1
        yield first, behind
        first = behind
    yield first, end


def _parts(
    source: Source,
    kept: Sequence[tuple[int, int]],
    *,
    statements: bool,
    whole: bool = True,
) -> Iterator[tuple[int, int]]:
    """Ranges of rows, in order, apart from each other."""
    text = source.text
    last = len(text.lines)
    language = language_for(source.path)
    tree = None if language is None else parse(language, text.source)
    facts = None if tree is None else extract(tree)
    wanted = [*kept]
    if tree is not None and facts is not None:
        heads = [whole_at_top(text, tree, one.span) for one in facts.imports]
        # Where more may change than a name, imports are put in order: what stands among them moves, and
        # they may go above what stands before them.
        if statements:
            heads = [(a, _filled(text, b)) for a, b in apart([(0, 1), *heads], _AMONG)]
        wanted += heads
    sites = (*source.sites, *source.maybe, *source.imports)
    if not sites:
        wanted += [(0, min(last, _ENDS)), (max(0, last - _ENDS), last)]
    for site in sites:
        row = text.row_of(site)
        first, end = max(0, row - _AROUND), min(last, row + _AROUND + 1)
        if statements and tree is not None:
            rows = statement(text, tree, site)
            first, end = min(first, rows[0]), max(end, rows[1])
        for one in facts.definitions if facts and whole else ():
            if one.start <= site < one.end:
                rows = _around(source, one.start, one.end)
                if rows[1] - text.row_of(one.start) <= _MOST_ROWS + _BESIDE:
                    first, end = rows
                    break  # the outermost that is not too long
        wanted.append((first, end))
    yield from apart(told_apart(text.lines, apart(wanted)))


def _shown(source: Source, parts: Sequence[tuple[int, int]]) -> tuple[Fragment, ...]:
    language = language_for(source.path)
    name = language.name if language else ""
    all_of_it = [*parts] == [(0, len(source.text.lines))]
    fragments: list[Fragment] = []
    for first, end in parts:
        text = _END.sub("\n", "".join(source.text.lines[first:end])).removeprefix("\ufeff")
        ticks = fence(text)
        place = source.path if all_of_it else f"{source.path} (lines {first + 1} to {end})"
        origin = Origin(source.file, first + 1, max(first + 1, end))
        # A path tells something, too, and has its file's label.
        fragments += [
            Fragment(f"{place}\n", source.label, origin),
            ours(f"{ticks}{name}\n"),
            Fragment(text if text.endswith("\n") else f"{text}\n", source.label, origin),
            ours(f"{ticks}\n\n"),
        ]
    return tuple(fragments)
