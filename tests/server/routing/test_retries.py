"""A request that is sent again: before anything of its answer came, the same bytes, on record each time."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_border import OPEN, prompt
from support_fake_server import FOREVER, Answer, FakeServer, answer, chunk, refusal
from support_team import CANARY, CLOUD, LOCAL, LOCALLY, Team, a_cloud, asked, team, touched
from support_waiting import PATIENCE
from twolane_server.border.ledger import Ledger, verify
from twolane_server.errors import (
    AnswerIncomplete,
    LaneDropped,
    LaneError,
    LaneRejected,
    LedgerError,
)
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.routing.run import Reply
from twolane_server.settings.resolved import HealthSettings

if TYPE_CHECKING:
    from pathlib import Path

GONE = Answer(status=0, clean=False)
PASSING = {
    **{str(status): refusal(status) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)},
    "dropped": GONE,
    "retry after 0": refusal(429, retry_after="0"),
}
STAYING = {str(status): refusal(status) for status in (400, 401, 402, 403, 404, 413, 422)}


def recorded(us: Team, server: FakeServer) -> None:
    """Each request that the cloud received is on record, in order, byte for byte."""
    texts = [row.text for row in us.rows if row.text is not None]
    assert texts == [chat.body.decode() for chat in server.chats]
    assert verify(us.folders.state / "ledger").whole


@pytest.mark.parametrize("case", PASSING)
async def test_the_cloud_is_asked_again_with_the_same_bytes(case: str, tmp_path: Path) -> None:
    async with (
        a_cloud(PASSING[case], PASSING[case], answer("Say")) as cloud,
        team(tmp_path, cloud, retries=2) as us,
    ):
        reply = await us.run()
        assert (reply.text, reply.decision.lane) == ("Say", CLOUD)
        assert us.notices == []
        assert len(cloud.chats) == 3
        assert len({chat.body for chat in cloud.chats}) == 1
        recorded(us, cloud)
        failed = "LaneDropped" if case == "dropped" else "LaneRejected"
        assert us.outcomes == [("cloud", failed), ("cloud", failed), ("cloud", "stop")]


@pytest.mark.parametrize("case", PASSING)
async def test_the_local_lane_is_asked_again(case: str, tmp_path: Path) -> None:
    async with (
        a_cloud() as cloud,
        FakeServer(PASSING[case], answer("Say")) as local,
        team(tmp_path, cloud, local, retries=2) as us,
    ):
        reply = await us.run(asked(Label.NDA), LOCALLY)
        assert (reply.text, reply.decision.lane) == ("Say", LOCAL)
        assert len({chat.body for chat in local.chats}) == 1
        assert len(us.outcomes) == len(local.chats) == 2
        assert touched(cloud) == (0, b"")


@pytest.mark.parametrize("lane", LaneName)
@pytest.mark.parametrize("case", STAYING)
async def test_what_stays_is_asked_once(case: str, lane: LaneName, tmp_path: Path) -> None:
    async with (
        a_cloud(STAYING[case]) as cloud,
        FakeServer(STAYING[case] if lane is LOCAL else answer("from local")) as local,
        team(tmp_path, cloud, local, retries=5) as us,
    ):
        if lane is CLOUD:
            assert (await us.run()).text == "from local"
            assert len(cloud.chats) == 1
            recorded(us, cloud)
        else:
            with pytest.raises(LaneRejected):
                await us.run(decision=LOCALLY)
            assert len(local.chats) == 1


@pytest.mark.parametrize("lane", LaneName)
async def test_there_is_an_end_to_it(lane: LaneName, tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(503)) as cloud,
        FakeServer(refusal(503) if lane is LOCAL else answer("from local")) as local,
        team(tmp_path, cloud, local, retries=2) as us,
    ):
        if lane is CLOUD:
            assert (await us.run()).decision.lane is LOCAL
            assert len(cloud.chats) == 3
            recorded(us, cloud)
        else:
            with pytest.raises(LaneRejected):
                await us.run(decision=LOCALLY)
            assert len(local.chats) == 3


BEGUN = {
    "cut off": Answer((chunk("Say"),), clean=False),
    "reset": Answer((chunk("Say"),), reset=True),
}


@pytest.mark.parametrize("case", BEGUN)
@pytest.mark.parametrize("lane", LaneName)
async def test_nothing_is_asked_again_once_something_came(
    case: str, lane: LaneName, tmp_path: Path
) -> None:
    async with (
        a_cloud(BEGUN[case]) as cloud,
        FakeServer(BEGUN[case]) as local,
        team(tmp_path, cloud, local, retries=5) as us,
    ):
        with pytest.raises(AnswerIncomplete):
            await us.run(decision=None if lane is CLOUD else LOCALLY)
        assert len(cloud.chats) + len(local.chats) == 1
        assert us.pieces == [("Say", 1)]


async def test_the_models_list_may_fail_and_pass_too(tmp_path: Path) -> None:
    async with a_cloud(models_answer=refusal(503)) as cloud, team(tmp_path, cloud, retries=2) as us:
        assert (await us.run()).decision.lane is LOCAL
        assert [request.method for request in cloud.requests] == ["GET"] * 3
        assert CANARY.encode() not in cloud.received


async def test_retry_after_is_kept(tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(429, retry_after="1"), answer("Say")) as cloud,
        team(tmp_path, cloud, retries=1) as us,
    ):
        begin = time.monotonic()
        assert (await us.run()).text == "Say"
        [told] = us.notices
        assert told.startswith("Waiting 1 s, then it is sent again. 127.0.0.1:")
        assert "limits how often" in told
        assert 1.0 <= time.monotonic() - begin < PATIENCE / 2


async def test_who_comes_while_a_server_wants_to_be_left_alone_waits_too(tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(429, retry_after="2"), answer("Say")) as cloud,
        team(tmp_path, cloud, retries=1) as us,
    ):
        begin = time.monotonic()
        first = asyncio.create_task(us.run())
        assert await cloud.until(lambda _: us.notices)  # that it waits
        second = await us.run()
        assert time.monotonic() - begin >= 2.0
        assert [second.text, (await first).text] == ["Say", "Say"]
        assert "Waiting for the cloud lane: next in turn" in us.notices
        assert len(cloud.chats) == 3


@pytest.mark.parametrize("asked_for", ["9999", "Thu, 31 Dec 2099 23:59:59 GMT", "50"])
async def test_a_retry_after_that_is_too_long_is_no_wait(asked_for: str, tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(429, retry_after=asked_for), answer("Say")) as cloud,
        team(tmp_path, cloud, retries=2) as us,
    ):
        begin = time.monotonic()
        reply = await us.run()
        assert time.monotonic() - begin < PATIENCE / 2
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert "limits how often" in str(reply.decision)
        # And the lane is left alone, with the reason, for a time that has an end.
        again = await us.run()
        assert again.decision.lane is LOCAL
        assert "cannot be used now: it is left alone for" in str(again.decision)
        assert len(cloud.chats) == 1
        left = us.runner._kept.traffic(CLOUD, us.settings).breaker.until - time.monotonic()  # pyright: ignore[reportPrivateUsage] - how long is the matter
        assert 30 < left <= 600


async def test_a_retry_after_beyond_the_deadline_is_no_wait(tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(503, retry_after="29")) as cloud,
        team(tmp_path, cloud, retries=2, deadline_seconds=28.0) as us,
    ):
        begin = time.monotonic()
        assert (await us.run()).decision.lane is LOCAL
        assert time.monotonic() - begin < 27.0
        assert len(cloud.chats) == 1


async def test_all_attempts_have_one_deadline(tmp_path: Path) -> None:
    slow = Answer((0.25,), status=503)
    late = replace(refusal(503), pieces=(b"", 0.25))
    for fault in (slow, late):
        async with (
            a_cloud() as cloud,
            FakeServer(fault, fault, Answer((FOREVER,), status=0)) as local,
            team(tmp_path, cloud, local, retries=9, deadline_seconds=3.0) as us,
        ):
            begin = time.monotonic()
            with pytest.raises(Exception, match="did not answer in time"):
                await us.run(decision=LOCALLY)
            assert 2.9 <= time.monotonic() - begin < PATIENCE / 2
            assert len(local.chats) == 3


async def test_a_policy_tightened_between_two_attempts_holds_the_second(tmp_path: Path) -> None:
    async with (
        a_cloud(refusal(503), answer("Say")) as cloud,
        team(tmp_path, cloud, retries=2) as us,
    ):
        tightened = replace(OPEN, label=Label.NDA, reasons=("clients/**",))
        us.read = lambda _origins: tightened if cloud.chats else OPEN
        reply = await us.run()
        assert reply.decision.lane is LOCAL
        assert "clients/**" in str(reply.decision)
        assert len(cloud.chats) == 1
        recorded(us, cloud)


async def test_a_ledger_that_breaks_between_two_attempts_holds_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, calls = Ledger.before_send, list[object]()

    def once(ledger: Ledger, sending: object, *allowed: object) -> int:
        calls.append(sending)
        if len(calls) == 2:
            raise LedgerError("The disk that holds the ledger is full; free some space.")
        return write(ledger, sending, *allowed)  # pyright: ignore[reportArgumentType] - passed on as it came

    monkeypatch.setattr(Ledger, "before_send", once)
    async with a_cloud(refusal(503)) as cloud, team(tmp_path, cloud, retries=2) as us:
        reply = await us.run()
        assert reply.decision.lane is LOCAL
        assert "the ledger cannot be written" in str(reply.decision)
        assert len(cloud.chats) == 1
        recorded(us, cloud)


@pytest.mark.parametrize("lane", LaneName)
async def test_a_cancel_between_two_attempts_is_the_end(lane: LaneName, tmp_path: Path) -> None:
    wait = refusal(429, retry_after="15")
    async with (
        a_cloud(wait) as cloud,
        FakeServer(wait) as local,
        team(tmp_path, cloud, local, retries=2) as us,
    ):
        server = cloud if lane is CLOUD else local
        running = asyncio.create_task(us.run(decision=None if lane is CLOUD else LOCALLY))
        assert await server.until(lambda _: us.outcomes == [(lane.value, "LaneRejected")])
        running.cancel()
        begin = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert time.monotonic() - begin < 14.0
        await asyncio.sleep(0.05)
        assert len(server.chats) == 1


async def test_a_connection_that_the_server_closed_while_it_was_idle_costs_a_retry(
    tmp_path: Path,
) -> None:
    """What a server behind a balancer does all day: it closes what it kept, just as we send."""
    async with (
        a_cloud() as cloud,
        FakeServer(answer("one"), GONE, answer("two")) as local,
        team(tmp_path, cloud, local, retries=1) as us,
    ):
        assert (await us.run(decision=LOCALLY)).text == "one"
        assert (await us.run(decision=LOCALLY)).text == "two"
        local.answers = [GONE]
        with pytest.raises(LaneDropped):
            await us.run(decision=LOCALLY)


WAYS = [
    *PASSING.values(),
    *(way for status, way in STAYING.items() if status != "402"),  # an hour's rest
    *BEGUN.values(),
    answer("Say"),
    answer("Say", finish="length"),
    Answer((), clean=False),
    Answer((b"<html>",), content_type="text/html"),
    refusal(503, retry_after="0"),
]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_the_cloud_does_each_sending_is_on_record(seed: int, tmp_path: Path) -> None:
    """Byte for byte, as often as it was sent, with an end; and nothing else is."""
    chance = random.Random(seed)  # noqa: S311 - a test
    ways = [chance.choice(WAYS) for _ in range(200)]
    health = HealthSettings(rest_seconds=0.01, longest_rest_seconds=0.02, rollback_seconds=0.01)
    async with a_cloud(*ways) as cloud, team(tmp_path, cloud, retries=2, health=health) as us:
        for _ in range(6):
            work = [us.run(prompt(f"x{chance.random()} = 1")) for _ in range(chance.randint(1, 4))]
            for done in await asyncio.gather(*work, return_exceptions=True):
                assert isinstance(done, Reply | LaneError), done
            await asyncio.sleep(0.03)
        recorded_texts = Counter(row.text for row in us.rows if row.sent["lane"] == "cloud")
        assert recorded_texts == Counter(chat.body.decode() for chat in cloud.chats)
        assert max(recorded_texts.values()) <= 3
        assert len(cloud.chats) > 10, "it was asked, mostly"
        assert all(outcome != "unknown" for _, outcome in us.outcomes)
        assert verify(us.folders.state / "ledger").whole
