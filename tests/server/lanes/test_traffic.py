"""One lane's traffic, with attempts that are played."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from support_team import until_probed
from support_waiting import PATIENCE
from twolane_server.errors import (
    AnswerIncomplete,
    LaneDropped,
    LaneError,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    ModelMissing,
    Refused,
)
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.breaker import State
from twolane_server.lanes.health import HealthRules
from twolane_server.lanes.limits import Who
from twolane_server.lanes.traffic import Traffic
from twolane_server.settings.resolved import HealthSettings, LaneSettings

LANE = LaneSettings("http://127.0.0.1:9/v1", "m", concurrency=3, retries=2, deadline_seconds=5.0)
HEALTH = HealthSettings(
    rest_seconds=0.01, longest_rest_seconds=0.05, rollback_seconds=0.01, least_requests=5
)
ASKED_FOR_AGES = LaneRejected("no", status=429, retry_after=9_999.0)
FAULTS = (
    LaneRejected("no", status=503),
    LaneRejected("no", status=429, retry_after=0.0),
    LaneRejected("no", status=400),
    LaneRejected("no", status=401),
    LaneRejected("no", status=403),
    LaneTimeout("late"),
    LaneUnreachable("gone"),
    LaneDropped("dropped"),
    AnswerIncomplete("half"),
    ModelMissing("none"),
    Refused("no"),
)


class Play:
    """Requests that end as chance will have it, and what is seen of them."""

    def __init__(self, lane: LaneName, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test
        self.traffic = Traffic(lane, LANE, HEALTH, draw=lambda: self.chance.random() / 50)
        self.probes = self.most_probes = self.under_way = self.most_under_way = 0
        self.attempts: list[int] = []

    async def probe(self) -> None:
        self.probes += 1
        self.most_probes = max(self.most_probes, self.probes)
        assert self.traffic.breaker.state is State.PROBING
        try:
            await asyncio.sleep(self.chance.random() / 100)
            if self.chance.random() < 0.4:
                raise LaneUnreachable("still gone")
        finally:
            self.probes -= 1

    async def request(self) -> None:
        tried, first = 0, 0.0

        async def attempt(_until: float) -> None:
            nonlocal tried, first
            assert first == 0.0, "nothing is sent again once something came"
            tried += 1
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            try:
                await asyncio.sleep(self.chance.random() / 200)
                if self.chance.random() < 0.3:
                    first = time.monotonic()
                if self.chance.random() < 0.5:
                    raise self.chance.choice(FAULTS).with_traceback(None)
                first = first or time.monotonic()
            finally:
                self.under_way -= 1

        traffic, who = self.traffic, Who(self.chance.choice("abc"), self.chance.random() < 0.3)
        try:
            async with traffic.turn(who, lambda _told: None):
                if traffic.resting is not None:
                    traffic.wake(self.probe)
                    return
                await traffic.answered(attempt, lambda: first, lambda _told: None)
        finally:
            self.attempts.append(tried)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("lane", LaneName)
async def test_whatever_happens_turns_come_back_and_one_probe_is_on_its_way(
    lane: LaneName, seed: int
) -> None:
    play = Play(lane, seed)
    tasks: list[asyncio.Task[None]] = []
    for _ in range(150):
        tasks.append(asyncio.create_task(play.request()))
        if play.chance.random() < 0.3:
            play.chance.choice(tasks).cancel()
        await asyncio.sleep(play.chance.random() / 200)
    for done in await asyncio.gather(*tasks, return_exceptions=True):
        assert done is None or isinstance(done, LaneError | Refused | asyncio.CancelledError)
    await play.traffic.aclose()
    assert (play.traffic.running, play.traffic.waiting, play.under_way) == (0, 0, 0)
    assert play.most_probes == 1
    assert play.most_under_way <= LANE.concurrency
    assert 1 <= max(play.attempts) <= LANE.retries + 1
    assert play.traffic.breaker.state is not State.PROBING


async def test_a_probe_that_fails_in_an_unforeseen_way_is_due_again() -> None:
    traffic = Traffic(LaneName.CLOUD, LANE, HEALTH)

    async def broken() -> None:
        raise ZeroDivisionError

    for _ in range(3):
        traffic.breaker.failed(time.monotonic(), LaneUnreachable("gone"))
    traffic.wake(broken)
    await until_probed(traffic)
    assert traffic.breaker.due(time.monotonic())

    async def well() -> None:
        return

    traffic.wake(well)
    await until_probed(traffic)
    assert traffic.breaker.state is State.CLOSED


async def test_closing_gives_up_a_probe() -> None:
    traffic = Traffic(LaneName.CLOUD, LANE, HEALTH)

    async def hangs() -> None:
        await asyncio.sleep(3_600)

    for _ in range(3):
        traffic.breaker.failed(time.monotonic(), LaneUnreachable("gone"))
    traffic.wake(hangs)
    async with asyncio.timeout(PATIENCE):
        while traffic.breaker.state is not State.PROBING:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.01)
    before = asyncio.all_tasks()
    await traffic.aclose()
    assert len(asyncio.all_tasks()) == len(before) - 1
    await traffic.aclose()


async def test_the_local_lane_is_waited_for_by_all_and_probed_once() -> None:
    traffic, probes = Traffic(LaneName.LOCAL, LANE, HEALTH), 0

    async def probe() -> None:
        nonlocal probes
        probes += 1
        await asyncio.sleep(0.02)

    for _ in range(3):
        traffic.breaker.failed(time.monotonic(), LaneRejected("no", status=503))
    told: list[str] = []
    await asyncio.gather(*(traffic.rested(probe, told.append) for _ in range(20)))
    assert probes == 1
    assert len(told) == 20
    with suppress(LaneError):
        await traffic.rested(probe, told.append)
    assert len(told) == 20


async def test_a_fault_that_was_known_does_not_undo_a_probe_that_found_the_lane_well() -> None:
    """Who stands in for the server may answer for longer than a probe takes."""
    traffic, gone = Traffic(LaneName.LOCAL, LANE, HEALTH), LaneUnreachable("gone")
    for _ in range(3):
        traffic.breaker.failed(time.monotonic(), gone)
    until = traffic.breaker.until

    async def stood_in(_until: float) -> LaneError:
        assert traffic.breaker.begin_probe(until)
        traffic.breaker.probed(until, None)
        return gone

    await traffic.answered(stood_in, lambda: 0.0, lambda _: None)
    assert traffic.breaker.state is State.CLOSED


@pytest.mark.parametrize(
    ("lane", "error", "health", "seconds"),
    [
        (LaneName.CLOUD, LaneRejected("no", status=402), {"unpaid_seconds": 50.0}, 50),
        (
            LaneName.CLOUD,
            LaneRejected("no", status=401),
            {"rest_seconds": 100.0, "refused_key_seconds": 60.0},
            60,
        ),
        (LaneName.CLOUD, ASKED_FOR_AGES, {"longest_rest_seconds": 200.0}, 200),
        (LaneName.LOCAL, ASKED_FOR_AGES, {"longest_local_rest_seconds": 40.0}, 40),
        (
            LaneName.LOCAL,
            ASKED_FOR_AGES,
            {"longest_rest_seconds": 7.0, "longest_local_rest_seconds": 40.0},
            7,
        ),
    ],
)
async def test_how_long_a_lane_rests_is_a_setting(
    lane: LaneName, error: LaneRejected, health: dict[str, float], seconds: int
) -> None:
    rules = replace(HealthSettings(), **health)  # pyright: ignore[reportArgumentType] - as the test says
    traffic = Traffic(lane, LANE, rules)

    async def attempt(_until: float) -> None:
        raise error

    before = time.monotonic()
    with suppress(LaneRejected):
        await traffic.answered(attempt, lambda: 0.0, lambda _: None)
    after = time.monotonic()
    assert before + seconds <= traffic.breaker.until <= after + seconds


async def test_how_many_must_fail_for_bad_health_is_a_setting() -> None:
    few = replace(HealthSettings(), least_requests=5, least_bad=1)
    traffic = Traffic(LaneName.CLOUD, LANE, few)
    outcomes: list[LaneError | None] = [None, None, None, None, LaneTimeout("late")]

    async def attempt(_until: float) -> None:
        if (error := outcomes.pop(0)) is not None:
            raise error

    with suppress(LaneTimeout):
        while outcomes:
            assert traffic.resting is None
            await traffic.answered(attempt, lambda: 0.0, lambda _: None)
    assert "1 of 5 requests failed within 15 minutes" in str(traffic.resting)


def test_the_limits_of_health_are_those_of_the_settings() -> None:
    limits = HealthSettings(
        window_seconds=60.0, least_requests=7, least_bad=4, error_rate=0.3, slow_rate=0.4
    )
    lane = replace(LANE, first_token_seconds=8.0)
    assert Traffic(LaneName.CLOUD, lane, limits).health.rules == HealthRules(
        window_seconds=60.0,
        least_requests=7,
        least_bad=4,
        error_rate=0.3,
        slow_rate=0.4,
        first_token_seconds=8.0,
    )
