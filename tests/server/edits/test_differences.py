from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from support_actions import EXAMPLES
from twolane_server.edits import differences as module
from twolane_server.edits.differences import Difference, differences

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    import pytest

lines = st.lists(st.sampled_from(["", "a", "b", "c", "d", "e", "f"]), max_size=25)


@given(lines, lines)
@settings(max_examples=EXAMPLES)
def test_what_is_between_differences_is_equal(old: list[str], new: list[str]) -> None:
    found = differences(old, new)
    at, place = 0, 0
    for one in [*found, Difference(len(old), len(old), len(new), len(new))]:
        assert old[at : one.first] == new[place : one.start]
        at, place = one.last, one.end
    for one, following in pairwise(found):
        assert one.last < following.first
        assert one.end < following.start
    assert all(one.first < one.last or one.start < one.end for one in found)


@given(st.lists(st.integers(0, 400), max_size=40, unique=True), st.randoms())
@settings(max_examples=EXAMPLES)
def test_as_many_lines_that_stand_once_are_kept_as_can_be(
    numbers: list[int], chance: random.Random
) -> None:
    old = [str(number) for number in numbers]
    new = [line for line in old if chance.random() < 0.7]
    gone = sum(one.last - one.first for one in differences(old, new))
    assert gone == len(old) - len(new)


def test_long_texts_of_lines_that_are_alike_are_not_compared_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With `difflib` alone, each of 7,000 blank lines would be looked at with each other one."""
    old = [line for n in range(7_000) for line in (f"v{n} = 1", "")]
    new = [*old]
    new[2], new[7_000], new[13_000] = "changed", "changed, too", "changed at last"
    pairs: list[int] = []

    class Counted(SequenceMatcher[str]):
        def set_seqs(self, a: Sequence[str], b: Sequence[str]) -> None:
            pairs.append(len(a) * len(b))
            super().set_seqs(a, b)

    monkeypatch.setattr(module, "SequenceMatcher", Counted)
    assert differences(old, new) == [Difference(n, n + 1, n, n + 1) for n in (2, 7_000, 13_000)]
    assert 0 < sum(pairs) < 100


def test_what_has_nothing_in_common_is_one_difference() -> None:
    assert differences(["a"] * 2_000, ["b", *["a"] * 900, *["c"] * 2_000]) == [
        Difference(0, 2_000, 0, 2_901)
    ]
    assert differences([], []) == []
