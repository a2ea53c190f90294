"""The facts of a source that was edited within one function, without a look at all that is around it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple, cast

from twolane_context.captures import capture
from twolane_context.definitions import CALLABLES, Definition
from twolane_context.facts import Facts, symbols_of
from twolane_context.imports import Import, imports
from twolane_context.spans import Span
from twolane_context.trees import changed, edited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_context.trees import Parsed

__all__ = ["renew"]


class _Part(NamedTuple):
    """A function and what stands behind it, up to the next symbol: all that changed is in there.

    Attributes:
        first: the function's index among the symbols that were known.
        last: the index behind those that are in it.
        old: where it was.
        new: where it is.
    """

    first: int
    last: int
    old: Span
    new: Span


def renew(parsed: Parsed, earlier: Parsed | None) -> None:
    """Give a tree its facts, where those of an earlier version are known and one function changed.

    They are those that `extract` finds, which looks at the whole tree if they are not there.

    Args:
        parsed: a tree.
        earlier: one of the same document.
    """
    if earlier is None or Facts not in earlier.found or Facts in parsed.found:
        return
    broken = any(one.tree.root_node.has_error for one in (earlier, parsed))
    if broken or parsed.language != earlier.language:
        return
    known = cast("Facts", earlier.found[Facts])
    part = _changed_part(known.symbols, earlier, parsed)
    found = part and _renewed(known, parsed, part)
    if found is not None:
        parsed.found[Facts] = found


def _changed_part(known: Sequence[Definition], earlier: Parsed, parsed: Parsed) -> _Part | None:
    """Where all is that changed; `None` where that is not in one function."""
    old, new = changed(earlier.source, parsed.source)
    shift = new.end - old.end
    # Beside the bytes, what these made of those around them.
    others = edited(earlier, parsed.source).changed_ranges(parsed.tree)
    start = min([old.start, *(one.start_byte for one in others)])
    end = max([old.end + 1, *(one.end_byte - shift for one in others)])
    for first, one in enumerate(known):
        if one.start > start:
            break
        if one.kind in CALLABLES and 0 < one.body_start < start <= one.end:
            last = bisect_left(known, max(one.end, end), key=_start)
            behind = known[last].start if last < len(known) else len(earlier.source)
            return _Part(first, last, Span(one.start, behind), Span(one.start, behind + shift))
    return None


def _renewed(known: Facts, parsed: Parsed, part: _Part) -> Facts | None:
    """The facts, those in the part anew; `None` where that does not fit what is around it."""
    source, found = parsed.source, capture(parsed, part.new.start, part.new.end)
    lists = [
        _spliced(old, imports(found, source, kind), part)
        for kind, old in (("import", known.imports), ("export", known.exports))
    ]
    made = _symbols(known.symbols, symbols_of(source, found), part)
    imported, exported = lists
    if made is None or imported is None or exported is None:
        return None
    return Facts(tuple(made), imported, exported)


def _symbols(
    known: Sequence[Definition], found: Sequence[Definition], part: _Part
) -> list[Definition] | None:
    """All symbols: those before the part, those found in it, and those behind it, moved.

    Args:
        known: all that there were.
        found: what reaches into the part, and perhaps more.
        part: what changed.
    """
    start, end = part.new.start, part.new.end
    around = [at for at in range(part.first) if known[at].end > start]
    outer = [at for at, one in enumerate(found) if one.start < start < one.end]
    inner = [at for at, one in enumerate(found) if start <= one.start < end]
    made = list(known[: part.first])
    if len(around) != len(outer):
        return None
    for at, place in zip(around, outer, strict=True):
        was, now = known[at], found[place]
        made[at] = was._replace(end=now.end, body_end=now.body_end)
        if made[at]._replace(parent=None, bases=()) != now._replace(parent=None, bases=()):
            return None
    indexes = dict(zip(outer, around, strict=True))
    indexes |= {place: at for at, place in enumerate(inner, part.first)}
    for one in map(found.__getitem__, inner):
        parent = None if one.parent is None else indexes.get(one.parent, -1)
        if parent == -1 or one.end > end:
            return None
        made.append(one._replace(parent=parent))
    later = len(made) - part.last
    shift = part.new.end - part.old.end
    for one in known[part.last :]:
        name, kind, begin, stop, head, at, parent, body_start, body_end, owner, bases = one
        if parent is not None and parent >= part.last:
            parent += later
        elif parent is not None and parent >= part.first:
            return None
        if body_start:
            body_start, body_end = body_start + shift, body_end + shift
        places = begin + shift, stop + shift, head + shift, at + shift, parent, body_start, body_end
        made.append(Definition(name, kind, *places, owner, bases))
    return made


def _spliced(
    known: Sequence[Import], found: Sequence[Import], part: _Part
) -> tuple[Import, ...] | None:
    """All statements: those before the part, those found in it, and those behind it, moved."""
    start, end = part.new.start, part.new.end
    inner = [one for one in found if start <= one.start < end]
    first, last = (
        bisect_left(known, place, key=_start) for place in (part.old.start, part.old.end)
    )
    straddling = any(one.end > part.old.start for one in known[:first])
    straddling |= any(one.end > part.old.end for one in known[first:last])
    if straddling or any(one.end > end for one in inner):
        return None
    shift = part.new.end - part.old.end
    moved = [Import(one.start + shift, one.end + shift, one.bindings) for one in known[last:]]
    return (*known[:first], *inner, *moved)


def _start(one: Definition | Import) -> int:
    return one.start
