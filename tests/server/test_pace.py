"""The time that an answer may still take: never negative, never invented, never wild."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twolane_server.pace import Left, Lengths, Pace, left

TOKENS = st.integers(0, 20_000)
SECONDS = st.floats(0, 10_000)
KNOWN = st.none() | st.integers(0, 20_000)


@given(TOKENS, SECONDS, KNOWN, KNOWN)
def test_it_is_never_negative_and_never_without_a_reason(
    tokens: int, seconds: float, usual: int | None, most: int | None
) -> None:
    found = left(tokens, seconds, usual, most)
    if found is None:
        return
    assert found.seconds >= 0
    assert tokens
    known = most if found.at_most else usual
    assert known is not None
    assert known > tokens
    assert found.seconds == pytest.approx((known - tokens) * seconds / tokens)


@given(st.lists(st.floats(0.001, 2), min_size=12, max_size=60), st.integers(100, 4_000))
def test_it_grows_by_no_more_than_the_share_of_the_time_that_was_waited(
    pauses: list[float], most: int
) -> None:
    pace, now = Pace(None, most), 0.0
    told: list[tuple[float, float]] = []
    for tokens, pause in enumerate(pauses, 1):
        now += pause
        found = pace.came(tokens, now)
        if found is not None:
            told.append((now - pauses[0], found.seconds))
    for (before, earlier), (after, later) in pairwise(told):
        assert later <= earlier * after / before * (1 + 1e-9)


@given(st.floats(1, 200), st.integers(100, 4_000))
def test_at_an_even_pace_it_falls_as_the_clock_goes(rate: float, most: int) -> None:
    pace = Pace(None, most)
    told = [pace.came(tokens, tokens / rate) for tokens in range(1, most)]
    seconds = [one.seconds for one in told if one is not None]
    assume(len(seconds) > 1)
    assert all(a - b == pytest.approx(1 / rate, rel=1e-3, abs=1e-6) for a, b in pairwise(seconds))


def test_nothing_is_said_before_there_is_a_pace() -> None:
    pace = Pace(100, 300)
    assert pace.came(1, 10.0) is None
    assert pace.came(5, 11.0) is None, "of five tokens"
    assert Pace(100, 300).came(60, 10.0) is None, "all at once"


def test_it_goes_by_such_answers_and_then_by_the_limit() -> None:
    pace = Pace(41, 201)
    pace.came(1, 0.0)
    assert pace.came(21, 2.0) == Left(2.1, at_most=False)
    assert pace.came(51, 5.0) == Left(15.1, at_most=True)
    assert pace.came(202, 20.0) is None


def test_of_a_second_answer_no_limit_is_known() -> None:
    pace = Pace(40, 200)
    pace.came(1, 0.0)
    assert pace.came(20, 2.0) is not None
    pace.came(1, 3.0)
    assert pace.came(20, 5.0) is None
    assert pace.answers == 2


@pytest.mark.parametrize(
    ("seconds", "at_most", "shown"),
    [
        (0.0, False, "about 0 s left"),
        (3.2, False, "about 4 s left"),
        (11, False, "about 15 s left"),
        (61, True, "at most 2 min left"),
        (150, True, "at most 3 min left"),
    ],
)
def test_it_is_told_in_steps_that_can_be_read(seconds: float, *, at_most: bool, shown: str) -> None:
    assert str(Left(seconds, at_most=at_most)) == shown


def test_what_is_usual_is_known_from_three_answers_of_the_same_sort_on() -> None:
    lengths = Lengths()
    for tokens in (10, 1_000):
        lengths.learn("docstring", 500, tokens)
        assert lengths.usual("docstring", 500) is None
    lengths.learn("docstring", 400, 30)
    assert lengths.usual("docstring", 500) == 30
    assert lengths.usual("docstring", 5_000) is None
    assert lengths.usual("explain", 500) is None
    for _ in range(40):
        lengths.learn("docstring", 500, 7)
    assert lengths.usual("docstring", 500) == 7
