"""Where in a file the lines of a block are: exactly, or but for blanks that models get wrong.

The first way of comparing that finds the lines anywhere decides. It must find them once: what fits
in two places fits in none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.edits.reply import fence_at
from twolane_server.edits.shift import Shift, shift_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Match", "Miss", "match"]

_MOST_NAMED, _MOST_BLANKS = 5, 4


class Match(NamedTuple):
    """Where lines were found, and what shall be there.

    Attributes:
        first: the row of the first line.
        height: how many lines.
        replace: the new lines without their ends, indented as the place is.
        exact: whether nothing had to be forgiven.
    """

    first: int
    height: int
    replace: tuple[str, ...]
    exact: bool


class Miss(NamedTuple):
    """Why lines have no one place, as the end of a sentence, and whether they have several."""

    reason: str
    several: bool = False


@dataclass(frozen=True, slots=True)
class _Variant:
    """A block as it stands, or without what a model put around its lines."""

    search: tuple[str, ...] = field(repr=False)
    replace: tuple[str, ...] = field(repr=False)


def match(
    lines: Sequence[str],
    search: tuple[str, ...],
    replace: tuple[str, ...],
    unit: str,
    *,
    tight: bool = False,
) -> Match | Miss:
    """The one place of the lines in a file, or why there is not one.

    Args:
        lines: of the file, without their ends.
        search: lines to find; not all of them blank.
        replace: lines to put there.
        unit: what one level of indentation is in the file.
        tight: whether blank lines at the ends of what is sought are left where they are.
    """
    variants = list(dict.fromkeys(_variants(search, replace, tight=tight)))
    for exact, same in ((True, _equal), (False, _equal_but_for_ends)):
        for n, variant in enumerate(variants):
            found = _places(lines, variant.search, same)
            if len(found) > 1:
                return _several(found)
            if found:
                whole = exact and n == 0
                new = _as_careful(variant, lines[found[0] : found[0] + len(variant.search)])
                return Match(found[0], len(variant.search), new, whole)
    for variant in variants:
        shifts = list(_shifted(lines, variant, unit))
        if len(shifts) > 1:
            return _several([first for first, _ in shifts])
        for first, shift in shifts:
            new = _as_careful(variant, lines[first : first + len(variant.search)])
            moved = tuple(shift.apply(line) for line in new)
            if None in moved:
                return Miss(
                    "is indented otherwise than the file, so that its new lines cannot be placed"
                )
            whole = tuple(line for line in moved if line is not None)
            return Match(first, len(variant.search), whole, exact=False)
    return _missing(lines, variants[-1].search)


def _as_careful(variant: _Variant, place: Sequence[str]) -> tuple[str, ...]:
    """The new lines, without blanks at their ends where the model puts such where none are."""
    pairs = zip(variant.search, place, strict=True)
    if any(line != line.rstrip() and there == there.rstrip() for line, there in pairs):
        return tuple(line.rstrip() for line in variant.replace)
    return variant.replace


def _variants(
    search: tuple[str, ...], replace: tuple[str, ...], *, tight: bool
) -> Iterator[_Variant]:
    filled = [row for row, line in enumerate(search) if line.strip()]
    above, below = filled[0], len(search) - 1 - filled[-1]
    # As few blank lines less as can be: those that are there are to be taken away, too.
    for some in range(0 if tight else min(above + below, _MOST_BLANKS) + 1):
        for first in range(max(0, some - below), min(above, some) + 1):
            yield _trimmed(search, replace, first, some - first)
    trimmed = _trimmed(search, replace, above, below)
    yield trimmed
    inner = _unfenced(trimmed.search)
    if inner is not None and any(line.strip() for line in inner):
        kept = _unfenced(_strip(trimmed.replace))
        new = trimmed.replace if kept is None else kept
        filled = [row for row, line in enumerate(inner) if line.strip()]
        yield _trimmed(inner, new, filled[0], len(inner) - 1 - filled[-1])


def _trimmed(search: tuple[str, ...], replace: tuple[str, ...], above: int, below: int) -> _Variant:
    """With so many lines less at the ends of what is sought; the new lines lose as many blank ones."""
    start, end = 0, len(replace)
    while start < min(above, end) and not replace[start].strip():
        start += 1
    while end > start and len(replace) - end < below and not replace[end - 1].strip():
        end -= 1
    return _Variant(search[above : len(search) - below], replace[start:end])


def _strip(lines: tuple[str, ...]) -> tuple[str, ...]:
    filled = [row for row, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else ()


def _unfenced(lines: tuple[str, ...]) -> tuple[str, ...] | None:
    """The lines within a fence that is the first and the last of them."""
    if len(lines) < 2:  # noqa: PLR2004 - a fence has two ends
        return None
    opener, closer = fence_at(lines[0]), fence_at(lines[-1])
    whole = opener and closer and not closer["info"] and opener["mark"] == closer["mark"]
    return lines[1:-1] if whole else None


def _equal(one: str, other: str) -> bool:
    return one == other


def _equal_but_for_ends(one: str, other: str) -> bool:
    return one.rstrip() == other.rstrip()


def _places(
    lines: Sequence[str], search: Sequence[str], same: Callable[[str, str], bool]
) -> list[int]:
    """Every row at which the lines start."""
    return [
        first
        for first in range(len(lines) - len(search) + 1)
        if same(lines[first], search[0])
        and all(same(lines[first + n], line) for n, line in enumerate(search))
    ]


def _shifted(lines: Sequence[str], variant: _Variant, unit: str) -> Iterator[tuple[int, Shift]]:
    """Every row at which the lines start if they are indented by more, by less, or by tabs."""
    search = variant.search
    bare, sought = [line.strip() for line in lines], [line.strip() for line in search]
    for first in range(len(lines) - len(search) + 1):
        if bare[first] == sought[0] and bare[first : first + len(search)] == sought:
            place = lines[first : first + len(search)]
            shift = shift_between(search, place, variant.replace, unit)
            if shift is not None:
                yield first, shift


def _several(rows: Sequence[int]) -> Miss:
    told = ", ".join(str(row + 1) for row in rows[:_MOST_NAMED])
    more = " and more" if len(rows) > _MOST_NAMED else ""
    reason = f"fits {len(rows)} places, at the lines {told}{more}; take in more lines around"
    return Miss(reason, several=True)


def _missing(lines: Sequence[str], search: Sequence[str]) -> Miss:
    """Where the file comes closest, by line numbers alone."""
    wanted = {line.strip() for line in search if line.strip()}
    best, most = 0, 0
    for first in range(max(1, len(lines) - len(search) + 1)):
        if lines and lines[first].strip() in wanted:
            part = lines[first : first + len(search)]
            agree = sum(
                a.strip() == b.strip() and bool(a.strip())
                for a, b in zip(part, search, strict=False)
            )
            best, most = (first, agree) if agree > most else (best, most)
    if not most:
        return Miss("is nowhere in the file; copy the lines as they are")
    differs = next(
        (
            n
            for n, line in enumerate(search)
            if best + n >= len(lines) or lines[best + n].strip() != line.strip()
        ),
        0,
    )
    return Miss(
        f"is nowhere in the file; it comes closest at line {best + 1}, and differs in its line "
        f"{differs + 1}; copy the lines as they are"
    )
