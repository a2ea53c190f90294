"""The files of an impact set as a model reads them: whole, or the parts around the symbol's places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_context.facts import extract
from twolane_context.languages import language_for
from twolane_context.trees import parse
from twolane_server.actions.pieces import fence, ours
from twolane_server.fragments import Fragment, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_server.actions.impact import Source

__all__ = ["brief", "tokens_of", "whole"]

_MOST_ROWS = 80
_MOST_SHOWN = 600
_AROUND = 6
# Above and below a definition, so that it can be taken away; and of a file into which something is to come.
_BESIDE, _ENDS = 2, 40
_END = re.compile(r"\r\n|\r")


def whole(source: Source) -> tuple[Fragment, ...]:
    """A file below its path, all of it."""
    return _shown(source, [(0, len(source.text.lines))])


def brief(source: Source) -> tuple[Fragment, ...]:
    """A file below its path: its imports, and the definitions in which the symbol is named.

    Where these are long, only some lines around each place. Of a file in which it is not named, the person
    wants something else: its beginning and its end.
    """
    parts = list(_parts(source))
    long = sum(end - first for first, end in parts) > _MOST_SHOWN
    return _shown(source, list(_parts(source, whole=False)) if long else parts)


def tokens_of(fragments: tuple[Fragment, ...], model: str) -> int:
    """How many tokens a model makes of them."""
    return sum(part.tokens(model) for part in fragments)


def _parts(source: Source, *, whole: bool = True) -> Iterator[tuple[int, int]]:
    """Ranges of rows, in order, apart from each other."""
    text = source.text
    last = len(text.lines)
    language = language_for(source.path)
    facts = None if language is None else extract(parse(language, text.source))
    wanted = [
        (text.row_of(one.start), text.row_of(max(one.start, one.end - 1)) + 1)
        for one in (facts.imports if facts else ())
    ]
    sites = (*source.sites, *source.maybe, *source.imports)
    if not sites:
        wanted += [(0, min(last, _ENDS)), (max(0, last - _ENDS), last)]
    for site in sites:
        row = text.row_of(site)
        first, end = max(0, row - _AROUND), min(last, row + _AROUND + 1)
        for one in facts.definitions if facts and whole else ():
            if one.start <= site < one.end:
                top, below = text.row_of(one.start), text.row_of(max(one.start, one.end - 1)) + 1
                if below - top <= _MOST_ROWS:
                    first, end = max(0, top - _BESIDE), min(last, below + _BESIDE)
                    break  # the outermost that is not too long
        wanted.append((first, end))
    done: tuple[int, int] | None = None
    for first, end in sorted(wanted):
        if done is None:
            done = (first, end)
        elif first <= done[1] + 2:
            done = (done[0], max(done[1], end))
        else:
            yield done
            done = (first, end)
    if done is not None:
        yield done


def _shown(source: Source, parts: list[tuple[int, int]]) -> tuple[Fragment, ...]:
    language = language_for(source.path)
    name = language.name if language else ""
    all_of_it = parts == [(0, len(source.text.lines))]
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
