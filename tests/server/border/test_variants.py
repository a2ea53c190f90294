"""Of texts that are nearly the same nothing is left out and nothing made up."""

from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.fresh import fresh_hashes
from twolane_server.border.prints import Hasher, prints
from twolane_server.border.shapes import SHAPE
from twolane_server.border.tokens import lines, readings
from twolane_server.border.unwrapped import unwrapped
from twolane_server.border.variants import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from twolane_server.border.tokens import Line

KEY = bytes(range(32))
ROW = st.lists(st.sampled_from(["a", "b", "(", "1", "c d e f g"]), max_size=4).map(" ".join)
ODD = st.sampled_from(["x\ry", "u&#10;v", "&amp; a", "\u0430 b", "a\\nb", "\r", "  #", "d\x85e"])
ROWS = st.lists(ROW | ODD, max_size=12)


def pieces(texts: Iterable[str], reach: int) -> list[list[Line]]:
    return [piece.lines for piece in Pieces(reach).of(texts)]


def runs(found: list[Line], reach: int) -> Iterator[tuple[object, ...]]:
    """Each run of so many tokens, those from a line's start apart, and each line."""
    whole = [(token, not place) for line in found for place, token in enumerate(line.tokens)]
    for start in range(len(whole)):
        yield from (tuple(whole[start:end]) for end in range(start + 1, start + reach + 1))
    yield from (("line", *line.tokens) for line in found)


def all_runs(texts: Iterable[list[Line]], reach: int) -> set[tuple[object, ...]]:
    return {run for found in texts for run in runs(found, reach)}


@st.composite
def variants(draw: st.DrawFn) -> list[str]:
    """A text, and others in which some rows are gone, new or changed."""
    rows = draw(ROWS)
    texts = ["\n".join(rows)]
    for _ in range(draw(st.integers(0, 3))):
        first, last = sorted(draw(st.integers(0, len(rows))) for _ in range(2))
        changed = [*rows[:first], *draw(ROWS), *rows[last:]]
        texts.append(draw(st.sampled_from(["\n", "\n", "\r\n", " \n "])).join(changed))
    return texts


@given(variants(), st.integers(1, 9))
def test_every_run_is_whole_in_some_piece_and_no_other_is(texts: list[str], reach: int) -> None:
    expected = all_runs((list(lines(text)) for text in texts), reach)
    assert all_runs(pieces(texts, reach), reach) >= expected
    longer = all_runs((list(lines(text)) for text in texts), 60)
    assert all_runs(pieces(texts, reach), 60) <= longer


def test_what_was_read_is_not_read_again() -> None:
    rows = [f"value_{n} = {n} + step" for n in range(200)]
    text, other = "\n".join(rows), "\n".join([*rows[:100], "new = 1", *rows[100:]])
    whole, part = pieces([text, other, text], 16)
    assert len(whole) == 200
    assert 5 < len(part) < 12


CODE = """\
def settle(rows, rate, limit):
    total = 0  # of all & more
    for row in rows:
        amount = row.amount * rate["%d" % row.kind]
        if amount > limit:
            raise Overdrawn(row, "amount of it" + 'is too much')
        total += amount - row.paid
    return total / len(rows)
"""
QUOTED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "HTML": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "percent": lambda text: text.replace(" ", "%20"),
    "numbered": lambda text: "\n".join(f"{n} | {row}" for n, row in enumerate(text.split("\n"), 7)),
    "found": lambda text: "\n".join(f"a.py:{n}:{row}" for n, row in enumerate(text.split("\n"))),
    "a diff": lambda text: "@@ -1,4 +1,4 @@\n-" + text.replace("\n    ", "\n+    "),
    "invisible": lambda text: text.replace("a", "a\u200b"),
    "NUL": lambda text: text.replace("e", "\0e"),
    "CR": lambda text: text.replace("\n", "\r"),
}


@pytest.mark.parametrize("inner", QUOTED)
@pytest.mark.parametrize("outer", QUOTED)
def test_all_forms_together_have_the_hashes_that_each_has(inner: str, outer: str) -> None:
    text = f"{CODE}\nExplain:\n{QUOTED[outer](QUOTED[inner](CODE))}\n{CODE[:90]}"
    ways = [way for form in unwrapped(text) for way in readings(form)]
    each = {(s.kind, hash_) for way in ways for s in prints(way, Hasher(KEY)) for hash_ in s.hashes}
    hasher = Hasher(KEY)
    together = [one for piece in Pieces(SHAPE).of(ways) for one in fresh_hashes(piece, hasher)]
    assert {(kind, hash_) for kind, hashes in together for hash_ in hashes} == each
