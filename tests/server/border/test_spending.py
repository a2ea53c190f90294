"""What a month has cost, read from the ledger bit by bit, equals what all of it says."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_border import NOON, sending
from twolane_server.border import store
from twolane_server.border.ledger import Ledger
from twolane_server.border.records import Outcome
from twolane_server.border.spending import Spending, Spent, Unpriced
from twolane_server.errors import LedgerError
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.settings.resolved import Price

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twolane_server.border.records import Sending

PRICE = Price("deepseek-v3.2", 1.0, 0.1, 2.0, "2026-05-31")
ONE_DOLLAR = Usage(1_000_000, 0)
OLD = json.dumps({"model": "m", "max_tokens": 300}).encode()


def sent(*, most: float | None = 0.5, at: datetime = NOON, body: bytes = OLD) -> Sending:
    """A request; without `most` as an older twolane wrote it."""
    return replace(sending(body), most_usd=most, time=at, max_tokens=None if most is None else 300)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as opened:
        yield opened


def fresh(ledger: Ledger, now: datetime = NOON) -> Spent:
    return Spending(ledger.folder).read(now)


def test_without_a_ledger_nothing_is_spent(tmp_path: Path) -> None:
    spending = Spending(tmp_path / "none")
    assert spending.last is None
    assert spending.read(NOON) == spending.last == Spent()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("outcome", "spent"),
    [
        (None, Spent(0.5)),  # it runs, or the program was killed
        (Outcome("stop", 1.0, ONE_DOLLAR, PRICE), Spent(1.0)),
        (Outcome("stop", 1.0, Usage(0, 0), PRICE), Spent(0.0)),
        (Outcome("stop", 1.0, None, PRICE), Spent(0.5)),
        (Outcome("cancelled", 1.0, None, PRICE), Spent(0.5)),
        (Outcome("AnswerIncomplete", 1.0, None, PRICE), Spent(0.5)),
        (Outcome("LaneRejected", 1.0, None, PRICE), Spent(0.0)),
        (Outcome("LaneUnreachable", 1.0, None, PRICE), Spent(0.0)),
        (
            Outcome("stop", 1.0, Usage(7, 3, 2)),
            Spent(0.0, (Unpriced("deepseek-v3.2", Usage(7, 3, 2)),)),
        ),
    ],
)
def test_what_one_request_counts(ledger: Ledger, outcome: Outcome | None, spent: Spent) -> None:
    following = Spending(ledger.folder)
    assert following.read(NOON) == Spent()
    seq = ledger.before_send(sent())
    assert following.read(NOON) == Spent(0.5)
    if outcome is not None:
        ledger.outcome(seq, outcome)
    assert following.read(NOON) == fresh(ledger) == spent


def test_a_row_without_price_and_counts_is_no_less_than_it_can_have_been(ledger: Ledger) -> None:
    """As rows of an older twolane are, and those of models without a price."""
    ledger.before_send(sent(most=None))
    assert fresh(ledger).unpriced == (Unpriced("deepseek-v3.2", Usage(len(OLD), 300, 0)),)
    usd, unknown = fresh(ledger).total([PRICE])
    assert usd == pytest.approx(len(OLD) / 1e6 + 300 * 2 / 1e6)
    assert unknown == ()


def test_a_price_that_came_later_tells_what_was(ledger: Ledger) -> None:
    ledger.outcome(ledger.before_send(sent(most=None)), Outcome("stop", 1.0, ONE_DOLLAR))
    spent = fresh(ledger)
    assert spent.total([]) == (0.0, ("deepseek-v3.2",))
    assert spent.total([PRICE]) == (1.0, ())


def test_the_local_lane_costs_nothing(ledger: Ledger) -> None:
    local = replace(sending(lane=LaneName.LOCAL), most_usd=None)
    ledger.outcome(ledger.before_send(local), Outcome("stop", 1.0, ONE_DOLLAR))
    ledger.before_send(local)
    assert fresh(ledger) == Spent()


def test_a_month_is_one_of_utc(ledger: Ledger) -> None:
    first = datetime(2026, 5, 1, tzinfo=UTC)
    for at in (first - timedelta(seconds=1), first, first + timedelta(days=30, hours=23)):
        ledger.outcome(ledger.before_send(sent(at=at)), Outcome("stop", 1.0, ONE_DOLLAR, PRICE))
    assert fresh(ledger).usd == 2.0
    # A clock two hours ahead shows June, and it is May.
    assert fresh(ledger, datetime(2026, 6, 1, 1, tzinfo=timezone(timedelta(hours=2)))).usd == 2.0


def test_a_clock_that_was_wrong_for_a_while_hides_nothing(ledger: Ledger) -> None:
    wrong = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC))
    for at in (NOON, *wrong, NOON):
        ledger.before_send(sent(at=at))
    assert fresh(ledger) == Spent(1.0)


def test_a_new_month_begins_at_nothing(ledger: Ledger) -> None:
    june = datetime(2026, 6, 1, tzinfo=UTC)
    running = ledger.before_send(sent())
    following = Spending(ledger.folder)
    assert following.read(NOON) == Spent(0.5)
    assert following.read(june) == Spent()
    ledger.outcome(running, Outcome("stop", 1.0, ONE_DOLLAR, PRICE))
    assert following.read(june) == fresh(ledger, june) == Spent()
    ledger.before_send(sent(at=june))
    assert following.read(june) == fresh(ledger, june) == Spent(0.5)


def test_another_ledger_in_its_place_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    following = Spending(folder)
    for name, dollars in (("first", 1.0), ("second", 0.5)):
        with closing(Ledger.open(folder)) as ledger:
            for _ in range(int(dollars * 2)):
                ledger.before_send(sent())
        assert following.read(NOON) == Spent(dollars)
        folder.rename(tmp_path / name)
    assert following.read(NOON) == Spent()


def test_only_what_is_new_is_read(ledger: Ledger) -> None:
    old = datetime(2026, 4, 1, tzinfo=UTC)
    for at in (*[old] * 20, NOON, NOON):
        ledger.before_send(sent(at=at))
    following = Spending(ledger.folder)
    read: list[int] = []
    real = json.loads

    def counting(text: str) -> object:
        read.append(1)
        return real(text)

    with patch("twolane_server.border.records.json.loads", counting):
        following.read(NOON)
        assert len(read) == 12, "this month's two, and those that surely end it"
        following.read(NOON)
        assert len(read) == 12
    ledger.before_send(sent())
    with patch("twolane_server.border.records.json.loads", counting):
        following.read(NOON)
        assert len(read) == 13


def test_a_ledger_that_cannot_be_read_is_told(ledger: Ledger) -> None:
    ledger.before_send(sent())
    (ledger.folder / store.DATABASE).write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError):
        fresh(ledger)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "local", "end", "cancel", "reject", "read", "month"]),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(_STEPS)
def test_following_tells_the_same_as_reading_all(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    with closing(Ledger.open(tmp_path_factory.mktemp("ledger"))) as ledger:
        following, now = Spending(ledger.folder), NOON
        running: list[int] = []
        for what, number in steps:
            if what in {"send", "local"}:
                request = sent(most=None if number == 5 else number / 4, at=now)
                lane = LaneName.CLOUD if what == "send" else LaneName.LOCAL
                running.append(ledger.before_send(replace(request, lane=lane)))
            elif what == "month":
                now += timedelta(days=32)
            elif what == "read":
                assert following.read(now) == Spending(ledger.folder).read(now)
            elif running:
                seq = running.pop(number % len(running))
                price = PRICE if number % 2 else None
                ends = {
                    "end": Outcome("stop", 1.0, Usage(number * 1_000_000, 0), price),
                    "cancel": Outcome("cancelled", 1.0, None, price),
                    "reject": Outcome("LaneRejected", 1.0, None, price),
                }
                ledger.outcome(seq, ends[what])
        one, other = following.read(now), Spending(ledger.folder).read(now)
        assert one.usd == pytest.approx(other.usd)
        assert sorted(map(repr, one.unpriced)) == sorted(map(repr, other.unpriced))


def test_a_reading_costs_next_to_nothing(ledger: Ledger) -> None:
    for _ in range(20):
        ledger.outcome(ledger.before_send(sent()), Outcome("stop", 1.0, ONE_DOLLAR, PRICE))
    following = Spending(ledger.folder)
    following.read(NOON)
    best = min(_timed(following) for _ in range(20))
    assert best < 0.02


def _timed(spending: Spending) -> float:
    started = time.thread_time()
    spending.read(NOON)
    return time.thread_time() - started
