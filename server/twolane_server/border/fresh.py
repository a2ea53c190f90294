"""The hashes of what is new in a piece, and no others: of new rows, and of what reaches over a seam.

A seam is a row's start before which no earlier text goes on so; see `variants`. Every other run of
tokens stands in an earlier text as it does here, and has been compared.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from twolane_server.border.prints import GRAM, Kind, grams, of_rows, of_shapes
from twolane_server.border.shapes import SHAPE

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence

    from twolane_server.border.prints import Hasher
    from twolane_server.border.variants import Piece

__all__ = ["fresh_hashes"]


def fresh_hashes(piece: Piece, hasher: Hasher) -> Iterator[tuple[Kind, array[int]]]:
    """What `prints` gives for the whole piece, less what an earlier text has as well.

    Args:
        piece: from `Pieces.of`, whose reach must be `SHAPE` at least.
        hasher: makes the hashes.
    """
    lines = piece.lines
    starts = [0, *accumulate([len(line.tokens) for line in lines])]
    if len(piece.new) == len(lines):  # as it is of each first text
        new_lines, first_tokens, first_lines = lines, range(starts[-1] - GRAM + 1), None
    else:
        new_lines = [lines[place] for place in piece.new]
        first_tokens = chain.from_iterable(_grams(piece, starts))
        first_lines = _shapes(piece, starts)
    yield Kind.GRAM, grams(lines, hasher, first_tokens)
    yield Kind.SHAPE, of_shapes(lines, hasher, first_lines).hashes
    for series in of_rows(new_lines, hasher) if new_lines else ():
        yield series.kind, series.hashes


def _grams(piece: Piece, starts: Sequence[int]) -> Iterator[range]:
    """The tokens with which a gram starts that is in a new row or reaches over a seam."""
    new, last = set(piece.new), starts[-1] - GRAM
    done = 0
    for seam in piece.seams:
        end = starts[seam + 1] if seam in new else starts[seam]
        end = min(end, last + 1)
        yield range(max(done, starts[seam] - GRAM + 1), end)
        done = max(done, end)


def _shapes(piece: Piece, starts: Sequence[int]) -> Iterator[int]:
    """The rows with which a shape starts that is in a new row or reaches over a seam."""
    new, done = set(piece.new), 0
    for seam in piece.seams:
        first = bisect_right(starts, starts[seam] - SHAPE)
        end = seam + (seam in new)
        yield from range(max(done, first), end)
        done = max(done, end)
