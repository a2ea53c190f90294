"""A lane's health over a sliding window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.lanes.health import Health, HealthRules

RULES = HealthRules(
    window_seconds=900.0,
    least_requests=20,
    least_bad=3,
    error_rate=0.02,
    slow_rate=0.05,
    first_token_seconds=10.0,
)


def of(
    good: int, failed: int = 0, slow: int = 0, now: float = 0.0, rules: HealthRules = RULES
) -> Health:
    health = Health(rules)
    for _ in range(good):
        health.add(now, failed=False, first_token=1.0)
    for _ in range(failed):
        health.add(now, failed=True, first_token=None)
    for _ in range(slow):
        health.add(now, failed=False, first_token=10.1)
    return health


@pytest.mark.parametrize(
    ("good", "failed", "slow", "told"),
    [
        (0, 0, 0, None),
        (16, 3, 0, None),  # too few to say
        (17, 3, 0, "3 of 20 requests failed within 15 minutes"),
        (18, 2, 0, None),  # two are chance
        (147, 3, 0, None),  # just 2 %
        (146, 3, 0, "3 of 149 requests failed within 15 minutes"),
        (95, 0, 5, None),  # just 5 %
        (94, 0, 5, "5 of 99 requests had no first token after 10 s within 15 minutes"),
    ],
)
def test_shares_above_the_limits_are_bad(
    good: int, failed: int, slow: int, told: str | None
) -> None:
    assert of(good, failed, slow).verdict(0.0) == told


def test_what_is_older_than_the_window_is_forgotten() -> None:
    health = of(17, 3, now=0.0)
    assert health.verdict(899.9)
    assert health.verdict(900.0) is None
    for _ in range(20):
        health.add(900.0, failed=False, first_token=1.0)
    assert health.verdict(900.0) is None


def test_a_first_token_that_never_came_is_not_called_slow() -> None:
    health = Health(RULES)
    for _ in range(100):
        health.add(0.0, failed=False, first_token=None)
    assert health.verdict(0.0) is None


def test_forgetting_all() -> None:
    health = of(0, 20)
    health.clear()
    assert health.verdict(0.0) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 400), st.booleans(), st.none() | st.floats(0, 20)), max_size=120
    )
)
def test_it_says_what_a_plain_count_says(
    events: list[tuple[float, bool, float | None]],
) -> None:
    health, now, told = Health(RULES), 0.0, list[tuple[float, bool, bool]]()
    for wait, failed, first in events:
        now += wait
        health.add(now, failed=failed, first_token=first)
        told.append((now, failed, first is not None and first > 10.0))
        fresh = [each for each in told if each[0] > now - 900.0]
        bad, slow = sum(f for _, f, _ in fresh), sum(s for *_, s in fresh)
        ill = len(fresh) >= 20 and (
            (bad >= 3 and bad > 0.02 * len(fresh)) or (slow >= 3 and slow > 0.05 * len(fresh))
        )
        assert (health.verdict(now) is not None) == ill


def test_it_stays_small() -> None:
    health = Health(RULES)
    for _ in range(30_000):
        health.add(1.0, failed=True, first_token=None)
    assert len(health._samples) <= 20_000  # pyright: ignore[reportPrivateUsage] - memory is the matter
    assert health.verdict(1.0) == "20000 of 20000 requests failed within 15 minutes"


@pytest.mark.parametrize(("failed", "slow"), [(2, 0), (0, 2)])
def test_how_many_must_be_bad_is_a_setting(failed: int, slow: int) -> None:
    assert of(18, failed, slow).verdict(1.0) is None
    assert of(18, failed, slow, rules=replace(RULES, least_bad=2)).verdict(1.0)


@pytest.mark.parametrize(
    ("rules", "failed", "slow", "ill"),
    [
        ({}, 3, 0, True),
        ({"error_rate": 0.15}, 3, 0, False),
        ({"error_rate": 0.14}, 3, 0, True),
        ({"least_requests": 21}, 3, 0, False),
        ({"window_seconds": 30.0}, 3, 0, False),
        ({}, 0, 3, True),
        ({"slow_rate": 0.15}, 0, 3, False),
        ({"slow_rate": 0.14}, 0, 3, True),
        ({"first_token_seconds": 11.0}, 0, 3, False),
    ],
)
def test_each_limit_is_a_setting(
    rules: dict[str, float], failed: int, slow: int, *, ill: bool
) -> None:
    told = of(17, failed, slow, rules=replace(RULES, **rules)).verdict(30.0)  # pyright: ignore[reportArgumentType] - as the test says
    assert (told is not None) == ill
