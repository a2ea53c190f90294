"""Turns are given fairly, whatever comes and goes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from twolane_server.lanes.limits import INTERACTIVE_IN_A_ROW, MINUTE, Limits, Ticket, Who

if TYPE_CHECKING:
    from collections.abc import Iterable


def served(limits: Limits, now: float = 0.0) -> list[Ticket]:
    """Everybody who waits, one after another, each ending before the next begins."""
    found: list[Ticket] = []
    while (ticket := limits.admit(now)) is not None:
        found.append(ticket)
        limits.leave(ticket)
    return found


def sources(tickets: Iterable[Ticket]) -> str:
    return "".join(ticket.who.source for ticket in tickets)


def joined(limits: Limits, letters: str) -> list[Ticket]:
    """One request each: a small letter is interactive, a capital is batch work."""
    return [limits.join(Who(letter, letter.isupper())) for letter in letters]


def test_the_first_come_is_first() -> None:
    limits = Limits(1)
    tickets = joined(limits, "aaaa")
    assert served(limits) == tickets


def test_sources_take_turns() -> None:
    limits = Limits(1)
    joined(limits, "aaaabbc")
    assert sources(served(limits)) == "abcabaa"


def test_a_source_that_has_had_its_turn_is_behind_the_others() -> None:
    limits = Limits(1)
    joined(limits, "aab")
    limits.admit(0.0)
    joined(limits, "c")
    assert [(t.who.source, ahead) for t, ahead in limits.places()] == [("b", 0), ("a", 1), ("c", 2)]


def test_interactive_work_goes_ahead_of_batch_work() -> None:
    limits = Limits(1)
    joined(limits, "ABab")
    assert sources(served(limits)) == "abAB"


def test_batch_work_is_let_in_after_some_turns() -> None:
    limits = Limits(1)
    joined(limits, "B" + "a" * 20)
    order = sources(served(limits))
    assert order == "a" * INTERACTIVE_IN_A_ROW + "B" + "a" * (20 - INTERACTIVE_IN_A_ROW)


def test_batch_work_never_takes_the_last_of_several_places() -> None:
    limits = Limits(3)
    joined(limits, "AAAA")
    assert sources(t for t in iter(lambda: limits.admit(0.0), None)) == "AA"
    joined(limits, "a")
    assert sources([limits.admit(0.0) or Ticket(Who("?"))]) == "a"
    assert limits.admit(0.0) is None
    assert limits.running == 3


def test_no_more_than_so_many_begin_in_a_minute() -> None:
    limits = Limits(100, per_minute=2)
    joined(limits, "aaaa")
    assert len(served(limits, 0.0)) == 2
    assert limits.opens_at(1.0) == MINUTE
    assert served(limits, 59.9) == []
    assert len(served(limits, 60.0)) == 2
    assert limits.opens_at(61.0) is None, "nobody waits"


def test_what_is_sent_again_counts_again() -> None:
    limits = Limits(100, per_minute=3)
    joined(limits, "aaa")
    assert limits.admit(0.0)
    limits.began(10.0)
    limits.began(20.0)
    assert limits.admit(20.0) is None
    assert limits.opens_at(20.0) == 60.0
    assert limits.admit(60.0)
    assert limits.opens_at(60.0) == 70.0


def test_nobody_begins_before_the_time_that_a_server_asked_for() -> None:
    limits = Limits(3, per_minute=2)
    joined(limits, "aa")
    limits.hold(50.0)
    limits.hold(10.0)
    assert limits.admit(49.9) is None
    assert limits.opens_at(0.0) == 50.0
    assert len(served(limits, 50.0)) == 2
    joined(limits, "a")
    assert limits.opens_at(50.0) == 110.0
    limits.hold(200.0)
    assert limits.opens_at(50.0) == 200.0


def test_who_leaves_makes_room_at_once() -> None:
    limits = Limits(1)
    tickets = joined(limits, "abc")
    assert limits.admit(0.0) is tickets[0]
    limits.leave(tickets[1])
    assert [(t.who.source, ahead) for t, ahead in limits.places()] == [("c", 0)]
    limits.leave(tickets[1])  # twice does no harm
    limits.leave(tickets[0])
    assert limits.admit(0.0) is tickets[2]


def test_a_source_that_left_is_not_punished() -> None:
    limits = Limits(1)
    for ticket in joined(limits, "a" * 1_000):
        limits.leave(ticket)
    joined(limits, "bba")
    assert sources(served(limits)) == "bab"


@pytest.mark.parametrize("seed", range(5))
def test_places_are_the_order_of_turns(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test
    limits = Limits(1)
    joined(limits, "".join(chance.choice("abcd") for _ in range(40)))
    joined(limits, "".join(chance.choice("AB") for _ in range(5)))
    promised = [ticket for ticket, _ in limits.places()]
    assert [ahead for _, ahead in limits.places()] == list(range(45))
    order = served(limits)
    for kind in (True, False):
        assert [t for t in order if t.who.batch is kind] == [
            t for t in promised if t.who.batch is kind
        ]


@given(st.lists(st.sampled_from("abcABC"), max_size=200), st.integers(1, 8))
def test_nobody_is_forgotten(letters: list[str], concurrency: int) -> None:
    limits = Limits(concurrency)
    tickets = joined(limits, "".join(letters))
    assert sorted(map(id, served(limits))) == sorted(map(id, tickets))


class Queue(RuleBasedStateMachine):
    """Requests come, have turns, end, and are cancelled, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(3, per_minute=7)
        self.now = 0.0
        self.waiting: list[Ticket] = []
        self.running: list[Ticket] = []
        self.begun: list[float] = []
        # Per source that waits: who was served since it has waited.
        self.passed: dict[tuple[str, bool], list[str]] = {}
        self.interactive_in_a_row = 0

    @rule(source=st.sampled_from("abc"), batch=st.booleans())
    def join(self, source: str, batch: bool) -> None:  # noqa: FBT001 - hypothesis calls it by name
        ticket = self.limits.join(Who(source, batch))
        self.waiting.append(ticket)
        self.passed.setdefault((source, batch), [])

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def admit(self) -> None:
        while (ticket := self.limits.admit(self.now)) is not None:
            who = ticket.who
            assert ticket in self.waiting
            same = [each for each in self.waiting if each.who == who]
            assert ticket is same[0], "the first come of a source is first"
            for (source, batch), served in self.passed.items():
                if batch == who.batch and source != who.source:
                    assert who.source not in served, "no second turn while another waits for one"
                    served.append(who.source)
            batch_waits = any(each.who.batch for each in self.waiting)
            full = sum(each.who.batch for each in self.running) >= 2
            if who.batch or not batch_waits:
                self.interactive_in_a_row = 0
            else:
                self.interactive_in_a_row += 1
                assert full or self.interactive_in_a_row <= INTERACTIVE_IN_A_ROW
            self.waiting.remove(ticket)
            self.running.append(ticket)
            self.begun.append(self.now)
            self._settle(who)

    @precondition(lambda self: self.running)
    @rule(at=st.integers(0, 2))
    def end(self, at: int) -> None:
        self.limits.leave(self.running.pop(at % len(self.running)))

    @precondition(lambda self: self.waiting)
    @rule(at=st.integers(0, 50))
    def cancel(self, at: int) -> None:
        ticket = self.waiting.pop(at % len(self.waiting))
        self.limits.leave(ticket)
        if not any(each.who == ticket.who for each in self.waiting):
            self.passed.pop((ticket.who.source, ticket.who.batch))

    def _settle(self, who: Who) -> None:
        self.passed.pop((who.source, who.batch))
        if any(each.who == who for each in self.waiting):
            self.passed[who.source, who.batch] = []

    @invariant()
    def no_more_than_allowed(self) -> None:
        assert self.limits.running == len(self.running) <= 3
        assert sum(ticket.who.batch for ticket in self.running) <= 2
        for at, first in enumerate(self.begun[:-7]):
            assert self.begun[at + 7] - first >= MINUTE - 1e-9

    @invariant()
    def places_are_those_who_wait(self) -> None:
        assert {ticket for ticket, _ in self.limits.places()} == set(self.waiting)


Queue.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
test_a_queue_is_fair = Queue.TestCase
