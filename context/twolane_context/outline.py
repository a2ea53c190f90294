"""What the index keeps of a file: its words, and an outline of its definitions and imports.

Both follow from the file's path and bytes alone, so that they can be made in any process, kept on
disk, and compared.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, cast

from twolane_context.definitions import HELD, Kind
from twolane_context.facts import extract
from twolane_context.imports import Binding
from twolane_context.languages import outlined
from twolane_context.names import words
from twolane_context.trees import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twolane_context.trees import Parsed

_KINDS: dict[Sequence[str], Kind] = {kind.value: kind for kind in Kind}  # to ask `Kind` is slow


class Symbol(NamedTuple):
    """A definition or a variable, in rows (0-based, inclusive).

    Attributes:
        name: as written.
        kind: what it is.
        start: its first row, decorators included.
        head: the last row of its signature.
        end: its last row.
        row: where its name stands.
        column: the same, in UTF-8 bytes.
        parent: index of the symbol that holds it, or -1.
        bases: the types it is made of, as written: see `Definition.bases`.
        tail: where its signature ends in row `head`, in UTF-8 bytes.
        owner: the type that it is a member of, where that stands elsewhere.
    """

    name: str
    kind: Kind
    start: int
    head: int
    end: int
    row: int
    column: int
    parent: int
    bases: tuple[str, ...]
    tail: int
    owner: str


@dataclass(frozen=True, slots=True)
class Outline:
    """All symbols of a file in source order (outer before inner), and what its imports bind."""

    symbols: tuple[Symbol, ...] = ()
    bindings: tuple[Binding, ...] = ()

    def holders(self, at: int) -> Iterator[int]:
        """A symbol and those around it, from the inside out; none for -1."""
        while at >= 0:
            yield at
            at = self.symbols[at].parent

    def innermost(self, row: int) -> int:
        """The index of the innermost definition around a row, or -1; variables do not count."""
        before = range(bisect_right(self.symbols, row, key=lambda one: one.start))
        around = (at for at in reversed(before) if self.symbols[at].end >= row)
        return next((at for at in around if self.symbols[at].kind not in HELD), -1)


def packed(parsed: Parsed) -> bytes:
    """The outline of a file as one blob, for the cache: its facts, in rows."""
    facts = extract(parsed)
    ends = [*accumulate(map(len, BytesIO(parsed.source + b"\n")))]
    starts = [0, *ends]
    symbols: list[tuple[object, ...]] = []
    for name, kind, start, end, head, at, parent, _, _, owner, bases in facts.symbols:
        # The row of a byte is the number of rows that end up to it.
        first = bisect_right(ends, start)
        row = first if at < ends[first] else bisect_right(ends, at)
        below = row if at < head <= ends[row] else bisect_right(ends, max(start, head - 1))
        last = below if end <= ends[below] else bisect_right(ends, end - 1, below)
        column, tail = at - starts[row], head - starts[below]
        up = -1 if parent is None else parent
        symbols.append((name, kind, first, below, last, row, column, up, bases, tail, owner))
    bindings = [binding for one in (*facts.imports, *facts.exports) for binding in one.bindings]
    return json.dumps((symbols, bindings), separators=(",", ":"), check_circular=False).encode()


def packed_name(name: str) -> bytes:
    """What a packed outline holds where it holds a symbol of that name. Bindings begin with their module."""
    return b"[%b," % json.dumps(name).encode()


def unpack(blob: bytes) -> Outline:
    """The outline that `packed` made; an empty one for no blob."""
    if not blob:
        return Outline()
    # But for its numbers.
    rows, bindings = cast("tuple[list[list[Sequence[str]]], list[list[str]]]", json.loads(blob))
    for row in rows:
        row[1], row[8] = _KINDS[row[1]], tuple(row[8])
    return Outline(tuple(map(Symbol._make, rows)), tuple(map(Binding._make, bindings)))


def examine(path: str, source: bytes) -> tuple[bytes, bytes]:
    """The words and the packed outline of a file; none of an empty one, or without a grammar."""
    language = outlined(path) if source else None
    return words(source), b"" if language is None else packed(parse(language, source))
