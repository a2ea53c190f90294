"""What the index keeps of a file: its words, and an outline of its definitions and imports.

Both follow from the file's path and bytes alone, so that they can be made in any process, kept on
disk, and compared.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_right
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from twolane_context.definitions import HELD, Kind
from twolane_context.facts import extract
from twolane_context.imports import Binding
from twolane_context.languages import outlined
from twolane_context.names import words
from twolane_context.trees import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.trees import Parsed

_KINDS = dict(zip("abcdefghijkl", Kind, strict=True))
_LETTERS: dict[str, str] = {kind: letter for letter, kind in _KINDS.items()}


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
        tail: where its signature ends in row `head`, in UTF-8 bytes.
        bases: the types it is made of, as written: see `Definition.bases`.
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
    tail: int
    bases: tuple[str, ...]
    owner: str


class Outline(NamedTuple):
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
    """The outline of a file as one blob, for the cache: its facts, in rows.

    First what few symbols have, and bindings, in JSON; a line for each name and kind, an empty one, and
    the numbers of all: to write them all in JSON takes twice as long.
    """
    facts = extract(parsed)
    ends = [*accumulate(map(len, BytesIO(parsed.source + b"\n")))]
    starts = [0, *ends]
    lines, numbers, more = list[str](), list[int](), list[tuple[int, str, tuple[str, ...]]]()
    for name, kind, start, end, head, at, parent, _, _, owner, bases in facts.symbols:
        # The row of a byte is the number of rows that end up to it.
        first = bisect_right(ends, start)
        row = first if at < ends[first] else bisect_right(ends, at)
        below = row if at < head <= ends[row] else bisect_right(ends, max(start, head - 1))
        last = below if end <= ends[below] else bisect_right(ends, end - 1, below)
        column, tail = at - starts[row], head - starts[below]
        if owner or bases:
            more.append((len(lines), owner, bases))
        numbers += first, below, last, row, column, -1 if parent is None else parent, tail
        lines.append(" ".join((name.replace("\n", " "), _LETTERS[kind])))
    bindings = [binding for one in (*facts.imports, *facts.exports) for binding in one.bindings]
    rest = json.dumps((more, bindings), separators=(",", ":"), check_circular=False)
    return "\n".join((rest, *lines, "\n")).encode() + array("i", numbers).tobytes()


def packed_name(name: str, kind: str = "") -> bytes:
    """What a packed outline holds where it holds a symbol of that name, and of that kind, if any."""
    last = f"{_LETTERS[kind]}\n" if kind else ""
    return f"\n{name} {last}".encode("utf-8", "surrogatepass")


def unpack(blob: bytes) -> Outline:
    """The outline that `packed` made; an empty one for no blob."""
    texts, _, rest = (blob or b"[[],[]]\n\n").partition(b"\n\n")
    texts, *lines = texts.decode().split("\n")
    more, bindings = json.loads(texts)
    owners, bases, numbers = [""] * len(lines), [()] * len(lines), array("i", rest)
    for at, owner, names in more:
        owners[at], bases[at] = owner, tuple(names)
    names, kinds = [line[:-2] for line in lines], [_KINDS[line[-1]] for line in lines]
    rows = zip(names, kinds, *(numbers[at::7] for at in range(7)), bases, owners, strict=True)
    return Outline(tuple(map(Symbol._make, rows)), tuple(map(Binding._make, bindings)))


def examine(path: str, source: bytes) -> tuple[bytes, bytes]:
    """The words and the packed outline of a file; none of an empty one, or without a grammar."""
    language = outlined(path) if source else None
    return words(source), b"" if language is None else packed(parse(language, source))
