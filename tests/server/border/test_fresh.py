"""What is new in a text is hashed, and nothing twice: together it is all that the texts have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twolane_server.border.fresh import fresh_hashes
from twolane_server.border.prints import GRAM, Hasher, prints
from twolane_server.border.shapes import SHAPE
from twolane_server.border.variants import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = bytes(range(32))
#: of one token to more than a shape has; few, so that the same stand beside one another again
ROWS = (
    "a",
    "}",
    "x = x + y",
    "if a . b ( c ) :",
    "y = f ( x ) ; y = g ( y ) ; z = h ( z )",
    "long_name_of_it = ( a , b ) [ 1 ] / c - d * e ; a = b",
    "total = total + amount - rate * ( limit - row . paid ) / row . kind if row else total",
    " ".join(f"{sign} v{place % 7}" for place, sign in enumerate("=+-*/<>&|=+-*/<>&|=+-*/<>")),
    "import a . b . c , d . e . f",
    "quite_some_longer_name_that_is_rare ( 'a text of some more letters than forty are' )",
)
_MANY = st.lists(st.sampled_from(ROWS), max_size=14)
_PARTS = st.lists(_MANY, min_size=1, max_size=4)


@st.composite
def courses(draw: st.DrawFn) -> list[list[str]]:
    """Texts that are made of the same few parts, joined anew in each, and changed here and there."""
    parts = draw(_PARTS)
    texts: list[list[str]] = []
    for _ in range(draw(st.integers(1, 5))):
        chosen = draw(st.lists(st.sampled_from(parts), max_size=4))
        rows = [row for part in chosen for row in part]
        first, last = sorted(draw(st.integers(0, len(rows))) for _ in range(2))
        texts.append(
            [*rows[:first], *draw(st.lists(st.sampled_from(ROWS), max_size=3)), *rows[last:]]
        )
    return texts


def hashes(text: str) -> set[int]:
    return {each for series in prints(text, Hasher(KEY)) for each in series.hashes}


def fresh(pieces: Pieces, texts: Iterable[str]) -> list[int]:
    hasher = Hasher(KEY)
    found = (one for piece in pieces.of(texts) for one in fresh_hashes(piece, hasher))
    return [each for _, hashes in found for each in hashes]


@given(courses(), st.data())
def test_no_hash_is_left_out_and_none_made_up(texts: list[list[str]], data: st.DataObject) -> None:
    pieces, known = Pieces(SHAPE), set[int]()
    for text in map("\n".join, texts):
        mark = pieces.mark()
        now = set(fresh(pieces, [text]))
        assert now <= hashes(text)
        assert now | known >= hashes(text)
        if data.draw(st.booleans(), "forgotten"):
            pieces.forget(mark)  # then it is as new as it was
        else:
            known |= now


@given(courses())
def test_texts_that_come_together_are_as_if_one_came_after_the_other(
    texts: list[list[str]],
) -> None:
    every = list(map("\n".join, texts))
    assert set(fresh(Pieces(SHAPE), every)) == set[int]().union(*map(hashes, every))


@pytest.mark.parametrize("seam", range(1, 60))
def test_every_run_over_a_seam_is_hashed_wherever_it_lies(seam: int) -> None:
    rows = [f"a{n}" if n % 3 else f"= b{n % 5}" for n in range(60)]
    pieces, parts = Pieces(SHAPE), ["\n".join(rows[:seam]), "\n".join(rows[seam:])]
    known = set(fresh(pieces, parts))
    joined = "\n".join(rows)
    assert set(fresh(pieces, [joined])) == hashes(joined) - known
    assert fresh(pieces, [joined]) == []


@example(1)
@example(GRAM - 1)
@given(st.integers(1, 80))
def test_a_run_of_few_tokens_beside_a_seam_is_hashed_once(count: int) -> None:
    pieces = Pieces(SHAPE)
    rows = [f"w{n}" for n in range(200)]
    fresh(pieces, ["\n".join(rows)])
    new = "\n".join([*rows[:100], *(f"n{n}" for n in range(count)), *rows[100:]])
    found = fresh(pieces, [new])
    assert len(found) == len(set(found))
    assert len(found) <= (GRAM - 1 + count) + (SHAPE - 1 + count)
