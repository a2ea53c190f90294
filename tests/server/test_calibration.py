"""What a server's counts teach: towards the truth, and never below it."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.calibration import Calibration

ESTIMATES = st.integers(200, 200_000)
# A tokenizer makes of a text the estimate times what is its own, give or take what is the text's.
NOISE = st.floats(0.96, 1.04)


@given(
    own=st.floats(0.52, 3.8),
    seen=st.lists(st.tuples(ESTIMATES, NOISE), min_size=1, max_size=60),
    then=st.tuples(ESTIMATES, NOISE),
)
def test_one_count_is_enough_to_overflow_no_more(
    own: float, seen: list[tuple[int, float]], then: tuple[int, float]
) -> None:
    knows = Calibration()
    for estimated, noise in seen:
        knows = knows.learned(estimated, int(estimated * own * noise))
    estimated, noise = then
    assert knows.corrected(estimated) >= int(estimated * own * noise)
    assert len(knows.ratios) <= 32


@given(own=st.floats(0.52, 3.8), noises=st.lists(NOISE, min_size=8, max_size=60))
def test_after_some_counts_it_is_near_the_truth(own: float, noises: list[float]) -> None:
    knows = Calibration()
    for noise in noises:
        knows = knows.learned(10_000, int(10_000 * own * noise))
    assert own * 9_590 <= knows.corrected(10_000) <= own * 11_500


def test_a_few_counts_raise_an_estimate_and_do_not_lower_it() -> None:
    low = Calibration().learned(10_000, 7_000)
    assert low.corrected(10_000) == 10_000
    assert Calibration((0.7,) * 8).corrected(10_000) == ceil(10_000 * 1.1 * 0.7)
    assert low.learned(10_000, 20_000).corrected(10_000) == 22_000


def test_without_counts_an_estimate_stays_what_it_is() -> None:
    assert Calibration().corrected(12_345) == 12_345


@pytest.mark.parametrize(("estimated", "counted"), [(0, 0), (99, 500), (500, 99), (1_000, 0)])
def test_what_is_short_or_nonsense_teaches_nothing(estimated: int, counted: int) -> None:
    assert Calibration().learned(estimated, counted) == Calibration()


def test_an_absurd_count_is_believed_only_so_far() -> None:
    assert Calibration().learned(1_000, 10**9).corrected(1_000) == 4_400
    assert Calibration((0.5,) * 7).learned(10**9, 100).corrected(1_000) == 550
