"""What code is recognised by."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.prints import GRAM, Hasher, Kind, prints, prints_under
from twolane_server.border.shapes import IMPORTS, KEYWORDS, SHAPE
from twolane_server.border.tokens import lines

KEY = bytes(range(32))
CODE = """\
def settle(rows, rate, limit):
    total = 0
    for row in rows:
        amount = row.amount * rate
        if amount > limit:
            raise ValueError(amount)
        total += amount
    return total / len(rows)
"""


def hashes(text: str, kind: Kind, key: bytes = KEY, *, declared: bool = False) -> list[int]:
    return list(prints(text, Hasher(key), declared=declared)[kind].hashes)


def test_there_is_a_series_for_each_kind() -> None:
    assert [series.kind for series in prints(CODE, Hasher(KEY))] == [
        *(kind for kind in Kind if kind is not Kind.WHOLE)
    ]


@given(st.lists(st.sampled_from(["a", "b", "(", ")", "1"]), max_size=60))
def test_equal_runs_of_16_tokens_have_equal_hashes_and_no_others(tokens: list[str]) -> None:
    whole = ["x", *tokens]
    text = "x " + " ".join(whole[1:])
    found = hashes(text, Kind.GRAM)
    runs = [tuple(whole[at : at + GRAM]) for at in range(len(whole) - GRAM + 1)]
    assert len(found) == len(runs)
    assert len(set(found)) == len(set(runs)) == len(set(zip(found, runs, strict=True)))


def test_another_key_makes_other_hashes_of_the_same_things() -> None:
    name = "compute_settlement_delta = 'x" + "y" * 40 + "'"
    for text in (CODE, name):
        for one, other in zip(prints(text, Hasher(KEY)), prints(text, Hasher()), strict=True):
            assert one.rows == other.rows
            assert set(one.hashes).isdisjoint(other.hashes)


@given(st.text() | st.just(CODE * 2), st.booleans())
def test_under_several_keys_are_the_hashes_that_are_under_each(text: str, declared: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    hashers = Hasher(KEY), Hasher(), Hasher(bytes(32))
    together = prints_under(list(lines(text)), hashers, declared=declared)
    assert together == [prints(text, each, declared=declared) for each in hashers]


def test_a_hash_tells_on_which_line_it_starts() -> None:
    grams, shapes, *_ = prints("\n\n" + CODE, Hasher(KEY))
    assert grams.rows[:11] == [*[3] * 10, 4]
    assert list(shapes.rows) == sorted(set(shapes.rows))
    assert shapes.rows[0] == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_shape_survives_new_names(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    names = {"settle", "rows", "rate", "limit", "total", "row", "amount", "ValueError", "len"}
    new = {name: f"n{dice.getrandbits(32):x}" for name in sorted(names)}
    other = re.sub(r"\w+", lambda word: new.get(word[0], word[0]), CODE)
    assert hashes(CODE, Kind.SHAPE) == hashes(other, Kind.SHAPE) != []
    assert set(hashes(CODE, Kind.GRAM)).isdisjoint(hashes(other, Kind.GRAM))


def test_a_shape_is_lost_when_two_names_become_one() -> None:
    other = CODE.replace("limit", "rate")
    assert hashes(CODE, Kind.SHAPE)[0] != hashes(other, Kind.SHAPE)[0]


def naive_shapes(text: str) -> list[str]:
    """Each window of `SHAPE` tokens from a line's start, its names numbered, unless it tells nothing."""
    found = list(lines(text))
    whole = [token for line in found for token in line.tokens]
    made: list[str] = []
    start = 0
    for line in found:
        window = whole[start : start + SHAPE]
        start += len(line.tokens)
        names = [each for each in window if each.isidentifier() and each not in KEYWORDS]
        numbers = {name: str(n) for n, name in enumerate(dict.fromkeys(names))}
        shape = [numbers.get(token, token) for token in window]
        different = len(set(shape)) - len(numbers)
        if len(window) == SHAPE and len(names) - len(numbers) >= 2 and different >= 6:
            made += [] if line.tokens[0] in IMPORTS else [" ".join(shape)]
    return made


PIECES = st.sampled_from([*"ab012(),.=", "for", "import", "_c", "\n", "\n"])


@given(st.lists(PIECES, min_size=SHAPE, max_size=3 * SHAPE).map(" ".join))
def test_shapes_are_what_a_simple_search_makes(text: str) -> None:
    expected = [Hasher(KEY).of(Kind.SHAPE, shape) for shape in naive_shapes(text)]
    found = hashes(text, Kind.SHAPE)
    assert [each.to_bytes(8, "little", signed=True) for each in found] == expected


@pytest.mark.parametrize(
    "text",
    [
        ", ".join(f"'word{n}'" for n in range(SHAPE)),
        "\n".join(f"from lib.part{n} import Name{n}" for n in range(SHAPE)),
        "This is a sentence that goes on, like any other. " * 8,
    ],
)
def test_lists_imports_and_prose_have_no_shape(text: str) -> None:
    assert hashes(text, Kind.SHAPE) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("url = 'settlement-gateway.internal/acme/eu'", 1),
        ("token = '" + "0a1b2c3d" * 5 + "'", 1),
        ("x = 'short'", 0),
        ("from acme.settlement.gateway.internals import Delta", 0),
        ("f(" + ", ".join(["argument"] * 12) + ")", 0),
    ],
)
def test_a_long_line_of_few_tokens_is_known_by_itself(text: str, count: int) -> None:
    assert len(hashes(text, Kind.LINE)) == count
    assert len(hashes(f"+   {text}\r\n", Kind.LINE)) == count


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("def compute_settlement_delta(x):", True),
        ("class SettlementDeltaEngine:", True),
        ("    compute_settlement_delta = 4", True),
        ("    self.compute_settlement_delta: int", True),
        ("const computeSettlementDelta = (x) =>", True),
        ("static void computeSettlementDelta(int x) {", True),
        ("Delta *compute_settlement_delta(void)", True),
        ("#define COMPUTE_SETTLEMENT_DELTA 4", True),
        ("    return compute_settlement_delta(x)", False),
        ("x.compute_settlement_delta(y)", False),
        ("f(compute_settlement_delta=4)", False),
        ("from lib import compute_settlement_delta", False),
    ],
)
def test_a_rare_name_is_its_files_own_where_it_is_declared(text: str, *, declared: bool) -> None:
    assert len(hashes(text, Kind.NAME)) == 1
    assert len(hashes(text, Kind.NAME, declared=True)) == int(declared)


@pytest.mark.parametrize("name", ["short_name_of_x", "internationalization", "x" * 40])
def test_short_names_and_single_words_are_not_rare(name: str) -> None:
    assert hashes(f"def {name}(): ...", Kind.NAME) == []


@given(st.text())
def test_any_text_has_its_hashes(text: str) -> None:
    for series in prints(text, Hasher(KEY)):
        assert len(series.hashes) == len(series.rows)
        assert all(row >= 1 for row in series.rows)
