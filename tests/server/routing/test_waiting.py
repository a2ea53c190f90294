"""More requests than a lane takes: they wait their turn, and are told so."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from support_fake_server import FOREVER, Answer, FakeServer, answer, chunk
from support_team import CLOUD, LOCAL, LOCALLY, Team, a_cloud, asked, team, touched
from twolane_server.errors import LaneBusy
from twolane_server.fragments import Label
from twolane_server.lanes.limits import Who

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.lanes.base import LaneName
    from twolane_server.lanes.traffic import Traffic

HANGS = Answer((chunk("Say"), FOREVER))


def traffic(us: Team, lane: LaneName = LOCAL) -> Traffic:
    return us.runner._kept.traffic(lane, us.settings)  # pyright: ignore[reportPrivateUsage] - the state is the matter


async def started(us: Team, server: FakeServer, lane: LaneName = LOCAL) -> asyncio.Task[object]:
    """A request that has the lane's only place and keeps it."""
    running: asyncio.Task[object] = asyncio.create_task(
        us.run(decision=LOCALLY if lane is LOCAL else None)
    )
    assert await server.until(lambda fake: fake.chats)
    return running


async def stop(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_waits_is_told_the_place_and_a_cancel_goes_at_once(tmp_path: Path) -> None:
    async with (
        FakeServer(HANGS, answer("Say")) as local,
        team(tmp_path, local=local, concurrency=1) as us,
    ):
        first = await started(us, local)
        others = [asyncio.create_task(us.run(asked(Label.NDA), LOCALLY)) for _ in range(3)]
        assert await local.until(lambda _: len(us.notices) >= 3)
        assert us.notices == [
            "Waiting for the local lane: next in turn",
            "Waiting for the local lane: 1 ahead",
            "Waiting for the local lane: 2 ahead",
        ]
        assert (traffic(us).running, traffic(us).waiting) == (1, 3)
        others[0].cancel()
        await asyncio.sleep(0)
        assert traffic(us).waiting == 2
        await stop(first)
        assert [reply.text for reply in await asyncio.gather(*others[1:])] == ["Say", "Say"]
        assert len(local.chats) == 3


async def test_the_wait_is_no_part_of_the_answer_s_deadline(tmp_path: Path) -> None:
    slow = answer("Say", delay=0.6)
    async with (
        FakeServer(slow) as local,
        team(tmp_path, local=local, concurrency=1, deadline_seconds=2.0) as us,
    ):
        begin = time.monotonic()
        replies = await asyncio.gather(*(us.run(decision=LOCALLY) for _ in range(5)))
        assert [reply.text for reply in replies] == ["Say"] * 5
        assert time.monotonic() - begin > 2.9


async def test_the_wait_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with (
        a_cloud() as cloud,
        FakeServer(HANGS) as local,
        team(tmp_path, cloud, local, concurrency=1, queue_seconds=0.2) as us,
    ):
        first = await started(us, local)
        with pytest.raises(LaneBusy, match=r"The local lane had no turn for this within 0.2 s"):
            await us.run(asked(Label.NDA), LOCALLY)
        assert touched(cloud) == (0, b"")
        await stop(first)


async def test_a_cloud_that_is_too_busy_is_exchanged_for_local(tmp_path: Path) -> None:
    async with (
        a_cloud(HANGS) as cloud,
        team(tmp_path, cloud, concurrency=1, queue_seconds=0.2) as us,
    ):
        first = await started(us, cloud, CLOUD)
        reply = await us.run()
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert "The cloud lane had no turn" in str(reply.decision)
        assert len(cloud.chats) == 1
        await stop(first)


async def test_interactive_work_goes_ahead_of_batch_work_and_documents_take_turns(
    tmp_path: Path,
) -> None:
    async with (
        FakeServer(answer("Say", delay=0.02)) as local,
        team(tmp_path, local=local, concurrency=1) as us,
    ):
        order: list[str] = []

        async def work(name: str) -> None:
            await us.run(decision=LOCALLY, who=Who(name[0], name[0].isupper()))
            order.append(name)

        names = ["a1", "B1", "B2", "C1", "a2", "a3", "d1"]
        await asyncio.gather(*(work(name) for name in names))
        assert order == ["a1", "a2", "d1", "a3", "B1", "C1", "B2"]


async def test_so_many_in_a_minute_and_the_rest_waits(tmp_path: Path) -> None:
    async with (
        a_cloud(answer("Say")) as cloud,
        team(tmp_path, cloud, requests_per_minute=2, queue_seconds=0.3) as us,
    ):
        replies = await asyncio.gather(*(us.run() for _ in range(3)))
        assert sorted(reply.decision.lane for reply in replies) == [CLOUD, CLOUD, LOCAL]
        assert "Waiting for the cloud lane: next in turn" in us.notices
        assert len(cloud.chats) == 2


async def test_a_policy_tightened_while_a_request_waits_its_turn_holds_it(tmp_path: Path) -> None:
    async with (
        a_cloud(HANGS, answer("Say")) as cloud,
        team(tmp_path, cloud, concurrency=1) as us,
    ):
        first = await started(us, cloud, CLOUD)
        second = asyncio.create_task(us.run())
        await asyncio.sleep(0.1)
        us.standings = [ValueError("x")]
        await stop(first)
        assert (await second).decision.lane is LOCAL
        assert len(cloud.chats) == 1


async def test_a_storm_of_cancels_leaves_no_turn_taken(tmp_path: Path) -> None:
    async with FakeServer(HANGS) as local, team(tmp_path, local=local, concurrency=3) as us:
        for wait in (0.0, 0.01, 0.1):
            storm = [
                asyncio.create_task(us.run(decision=LOCALLY, who=Who(str(at % 9), at % 2 == 0)))
                for at in range(100)
            ]
            await asyncio.sleep(wait)
            await stop(*storm)
            assert (traffic(us).running, traffic(us).waiting) == (0, 0)
        local.answers = [answer("Say")]
        assert (await us.run(decision=LOCALLY)).text == "Say"
