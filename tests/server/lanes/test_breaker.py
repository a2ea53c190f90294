"""The breaker: whatever happens and whenever."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from twolane_server.errors import LaneError
from twolane_server.lanes.breaker import Breaker, BreakerRules, State

RULES = BreakerRules(failures=3, rest_seconds=5.0, longest_seconds=600.0)
CAUSE = LaneError("why")


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(RULES)
    for _ in range(RULES.failures):
        breaker.failed(now, CAUSE)
    assert breaker.state is State.OPEN
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = Breaker(RULES)
    for _ in range(50):
        assert not breaker.failed(0.0, CAUSE)
        assert not breaker.failed(0.0, CAUSE)
        breaker.succeeded(0.0)
    assert breaker.state is State.CLOSED
    assert [breaker.failed(1.0, CAUSE) for _ in range(3)] == [False, False, True]
    assert (breaker.state, breaker.cause, breaker.until) == (State.OPEN, CAUSE, 6.0)


def test_a_probe_is_due_after_the_rest_and_there_is_one() -> None:
    breaker = opened()
    assert not breaker.begin_probe(4.9)
    assert breaker.begin_probe(5.0)
    assert breaker.state is State.PROBING
    assert not breaker.begin_probe(5.0)
    breaker.probed(6.0, None)
    assert (breaker.state, breaker.cause) == (State.CLOSED, None)


def test_a_probe_that_fails_doubles_the_rest_up_to_the_longest() -> None:
    breaker, now, rests = opened(), 0.0, list[float]()
    for _ in range(9):
        rests.append(breaker.until - now)
        now = breaker.until
        assert breaker.begin_probe(now)
        breaker.probed(now, CAUSE)
    assert rests == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_a_probe_that_is_given_up_leaves_the_next_one_due() -> None:
    breaker = opened()
    assert breaker.begin_probe(5.0)
    breaker.probe_lost()
    assert breaker.due(5.0)
    assert breaker.begin_probe(5.0)


def test_what_began_before_it_opened_says_nothing_any_more() -> None:
    breaker = opened()
    breaker.succeeded(1.0)
    assert not breaker.failed(1.0, LaneError("late"))
    assert (breaker.state, breaker.cause, breaker.until) == (State.OPEN, CAUSE, 5.0)


def test_soon_after_it_closed_one_failure_opens_it_for_longer() -> None:
    breaker = opened()
    breaker.begin_probe(5.0)
    breaker.probed(5.0, None)
    assert breaker.failed(6.0, CAUSE)
    assert breaker.until == 16.0


def test_after_some_good_requests_one_failure_is_forgiven_and_the_rest_is_not_forgotten() -> None:
    breaker = opened()
    breaker.begin_probe(5.0)
    breaker.probed(5.0, None)
    for _ in range(3):
        breaker.succeeded(6.0)
    assert [breaker.failed(7.0, CAUSE) for _ in range(3)] == [False, False, True]
    assert breaker.until == 17.0


def test_after_a_long_calm_all_is_as_at_first() -> None:
    breaker = opened()
    breaker.begin_probe(5.0)
    breaker.probed(5.0, None)
    breaker.succeeded(605.0)
    assert [breaker.failed(700.0, CAUSE) for _ in range(3)] == [False, False, True]
    assert breaker.until == 705.0


def test_a_long_rest_is_no_calm() -> None:
    breaker = opened()
    breaker.rest(0.0, CAUSE, 3_600.0)
    assert breaker.until == 3_600.0
    breaker.begin_probe(3_600.0)
    breaker.probed(3_600.0, None)
    breaker.succeeded(3_601.0)
    assert breaker.failed(3_602.0, CAUSE)
    assert breaker.until == 3_612.0


def test_a_server_may_ask_for_its_rest() -> None:
    breaker = Breaker(RULES)
    breaker.rest(0.0, CAUSE, 100.0)
    assert (breaker.state, breaker.until) == (State.OPEN, 100.0)
    breaker.rest(10.0, LaneError("shorter"), 20.0)
    assert (breaker.cause, breaker.until) == (CAUSE, 100.0)
    later = LaneError("longer")
    breaker.rest(10.0, later, 200.0)
    assert (breaker.cause, breaker.until) == (later, 210.0)
    assert breaker.openings == 1


_PLAY = st.lists(
    st.tuples(st.floats(0, 30), st.integers(0, 8), st.floats(0, 5)), min_size=50, max_size=300
)


@given(_PLAY)
def test_a_server_that_comes_and_goes_is_asked_ever_more_rarely(
    play: list[tuple[float, int, float]],
) -> None:
    """Every probe finds it well, and a while and some good requests later it is down again."""
    breaker, now, openings = Breaker(RULES), 0.0, list[float]()
    for wait, good, between in play:
        now += wait
        for _ in range(good):
            breaker.succeeded(now)
            now += between
        while not breaker.failed(now, CAUSE):
            now += 0.1
        openings.append(now)
        now = breaker.until
        assert breaker.begin_probe(now)
        breaker.probed(now, None)
    gaps = [later - earlier for earlier, later in pairwise(openings)]
    assert all(gap >= min(600.0, 5.0 * 2**at) - 1e-6 for at, gap in enumerate(gaps))


@pytest.mark.parametrize("hours", [1, 24])
def test_a_server_that_is_down_is_probed_a_few_times(hours: int) -> None:
    breaker, probes = opened(), 0
    now = breaker.until
    while now < hours * 3_600:
        assert breaker.begin_probe(now)
        probes += 1
        breaker.probed(now, CAUSE)
        now = breaker.until
    doublings = math.ceil(math.log2(600 / 5))
    assert probes <= doublings + hours * 3_600 / 600


class Life(RuleBasedStateMachine):
    """Anything, at any time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(RULES)
        self.now = 0.0
        self.probes = 0
        self.opened_until: float | None = None

    @rule(seconds=st.floats(0, 1_000))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def fail(self) -> None:
        was = self.breaker.state
        did = self.breaker.failed(self.now, CAUSE)
        assert did == (was is State.CLOSED and self.breaker.state is State.OPEN)

    @rule()
    def succeed(self) -> None:
        before = self.breaker.state
        self.breaker.succeeded(self.now)
        assert self.breaker.state is before

    @rule(seconds=st.none() | st.floats(0, 5_000))
    def rest(self, seconds: float | None) -> None:
        before = self.breaker.until
        was = self.breaker.state
        self.breaker.rest(self.now, CAUSE, seconds)
        assert self.breaker.state is not State.CLOSED
        if was is not State.CLOSED:
            assert self.breaker.until >= before

    @rule()
    def try_to_probe(self) -> None:
        due = self.breaker.due(self.now)
        began = self.breaker.begin_probe(self.now)
        assert began == due
        assert not began or self.now >= self.breaker.until
        self.probes += began

    @precondition(lambda self: self.probes)
    @rule(well=st.booleans())
    def end_the_probe(self, well: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        self.breaker.probed(self.now, None if well else CAUSE)
        self.probes = 0
        assert (self.breaker.state is State.CLOSED) == well

    @precondition(lambda self: self.probes)
    @rule()
    def lose_the_probe(self) -> None:
        self.breaker.probe_lost()
        self.probes = 0

    @invariant()
    def one_probe_at_most(self) -> None:
        assert self.probes <= 1
        assert (self.probes == 1) == (self.breaker.state is State.PROBING)

    @invariant()
    def a_cause_is_there_just_while_it_is_not_closed(self) -> None:
        assert (self.breaker.cause is None) == (self.breaker.state is State.CLOSED)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_anything_in_any_order = Life.TestCase
