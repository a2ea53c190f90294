"""Whether and when a request is sent again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.errors import (
    AnswerIncomplete,
    LaneDropped,
    LaneError,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    ModelMissing,
    OutOfFiles,
)
from twolane_server.lanes.retry import RetryRules, passes, pause, seconds_asked

RULES = RetryRules(retries=3, patience_seconds=20.0)
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MANY = 1_000.0


def rejected(status: int, retry_after: float | None = None) -> LaneRejected:
    return LaneRejected("no", status=status, retry_after=retry_after)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_passes_is_tried_again(status: int) -> None:
    assert passes(rejected(status))
    assert pause(rejected(status), 0, MANY, RULES, lambda: 0.5) == 0.25


@pytest.mark.parametrize("status", [300, 307, 400, 401, 402, 403, 404, 405, 413, 418, 422, 451])
def test_what_stays_is_not(status: int) -> None:
    assert not passes(rejected(status))
    assert pause(rejected(status, retry_after=1.0), 0, MANY, RULES, lambda: 0.5) is None


@pytest.mark.parametrize(
    "error",
    [
        AnswerIncomplete("x"),
        LaneTimeout("x"),
        LaneUnreachable("x"),
        ModelMissing("x"),
        OutOfFiles("x"),
        LaneError("x"),
    ],
)
def test_nothing_else_is_tried_again(error: LaneError) -> None:
    assert pause(error, 0, MANY, RULES, lambda: 0.5) is None


def test_a_connection_that_broke_before_the_answer_is() -> None:
    assert pause(LaneDropped("x"), 0, MANY, RULES, lambda: 1.0) == 0.5


def test_the_pauses_grow_and_chance_has_all_of_them() -> None:
    rules = RetryRules(retries=9, patience_seconds=20.0)
    longest = [pause(rejected(503), tried, MANY, rules, lambda: 1.0) for tried in range(7)]
    assert longest == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert [pause(rejected(503), tried, MANY, rules, lambda: 0.0) for tried in range(9)] == [0] * 9
    assert pause(rejected(503), 9, MANY, rules, lambda: 0.0) is None


@given(
    asked=st.floats(0, 1e6),
    chance=st.floats(0, 1, exclude_max=True),
    left=st.floats(-10, 1e6),
    retries=st.integers(0, 5),
)
def test_what_the_server_asks_for_is_kept_and_a_little_more_or_it_is_not_tried_again(
    asked: float, chance: float, left: float, retries: int
) -> None:
    seconds = pause(rejected(429, asked), retries, left, RULES, lambda: chance)
    if seconds is None:
        assert retries >= RULES.retries or asked > RULES.patience_seconds or asked * 1.25 + 1 > left
    else:
        assert asked <= seconds < left
        assert seconds <= asked * 1.25 + 0.5
        assert asked <= RULES.patience_seconds


_ERRORS = st.one_of(
    st.builds(rejected, st.sampled_from([400, 408, 429, 500, 529]), st.none() | st.floats(0, 60)),
    st.builds(LaneDropped, st.just("x")),
)


@given(
    ends=st.lists(st.tuples(_ERRORS, st.floats(0, 30))),
    deadline=st.floats(0.1, 60),
    retries=st.integers(0, 10),
    chances=st.randoms(use_true_random=False),
)
def test_no_attempt_begins_after_the_deadline_and_none_too_many(
    ends: list[tuple[LaneError, float]],
    deadline: float,
    retries: int,
    chances: object,
) -> None:
    draw = getattr(chances, "random")  # noqa: B009 - hypothesis's type is private
    rules = RetryRules(retries, patience_seconds=20.0)
    now, begun = 0.0, list[float]()
    for error, seconds in ends:
        begun.append(now)
        now = min(deadline, now + seconds)  # the lane itself holds to the deadline
        wait = pause(error, len(begun) - 1, deadline - now, rules, draw)
        if wait is None:
            break
        now += wait
    assert all(at < deadline for at in begun)
    assert len(begun) <= retries + 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "999999999"}, 999_999_999.0),
        ({"retry-after": "Mon, 04 May 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Monday, 04-May-26 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 04 May 2026 14:00:30 +0200"}, 30.0),
        ({"retry-after": "Mon May  4 12:00:30 2026"}, 30.0),
        ({"retry-after": "Thu, 31 Dec 2099 23:59:59 GMT"}, 2_324_548_799.0),
        ({"retry-after": "Sun, 03 May 2026 12:00:30 GMT"}, 0.0),
        # The server's clock is a day behind ours, and it means ten seconds.
        (
            {
                "retry-after": "Sun, 03 May 2026 12:00:10 GMT",
                "date": "Sun, 03 May 2026 12:00:00 GMT",
            },
            10.0,
        ),
        ({"retry-after": "10", "date": "nonsense"}, 10.0),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "Mon, 99 May 2026 12:00:30 GMT"}, None),
    ],
)
def test_seconds_and_dates_are_read(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_asked(headers, NOW) == seconds


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_server_writes_is_no_error(said: str, date: str) -> None:
    seconds = seconds_asked({"retry-after": said, "date": date}, NOW)
    assert seconds is None or seconds >= 0
