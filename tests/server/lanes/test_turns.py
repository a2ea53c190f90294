"""Waiting for a turn, on the event loop."""

from __future__ import annotations

import asyncio

import pytest

from twolane_server.errors import LaneBusy
from twolane_server.lanes.limits import INTERACTIVE, Limits, Ticket, Who
from twolane_server.lanes.turns import Turns


def nobody(_told: str) -> None:
    pytest.fail("there was no wait")


async def test_with_a_free_place_there_is_no_wait() -> None:
    turns = Turns("local", Limits(2))
    for _ in range(2):
        async with asyncio.timeout(0):  # not one step of the loop
            await turns.take(INTERACTIVE, nobody, 1.0)


async def test_who_waits_is_told_the_place_and_each_change_of_it() -> None:
    turns, told = Turns("local", Limits(1)), list[str]()
    first = await turns.take(INTERACTIVE, nobody, 5.0)
    others = [
        asyncio.create_task(turns.take(Who(name), lambda _: None, 5.0)) for name in ("a", "b")
    ]
    await asyncio.sleep(0)
    last = asyncio.create_task(turns.take(Who("c"), told.append, 5.0))
    await asyncio.sleep(0)
    assert told == ["Waiting for the local lane: 2 ahead"]
    turns.leave(first)
    turns.leave(await others[0])
    await asyncio.sleep(0.15)
    assert told[1:] == ["Waiting for the local lane: next in turn"]
    turns.leave(await others[1])
    turns.leave(await last)


async def test_a_cancel_makes_room_at_once() -> None:
    turns = Turns("local", Limits(1))
    first = await turns.take(INTERACTIVE, nobody, 5.0)
    waiting = [asyncio.create_task(turns.take(INTERACTIVE, lambda _: None, 5.0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert waiting[0].cancelled()
    turns.leave(first)
    second = await waiting[1]
    assert not waiting[2].done()
    turns.leave(second)
    turns.leave(await waiting[2])


async def test_a_cancel_in_the_moment_of_the_turn_gives_it_to_the_next() -> None:
    limits = Limits(1)
    turns = Turns("local", limits)
    first = await turns.take(INTERACTIVE, nobody, 5.0)
    unlucky, next_one = (
        asyncio.create_task(turns.take(INTERACTIVE, lambda _: None, 5.0)) for _ in range(2)
    )
    await asyncio.sleep(0)
    turns.leave(first)  # its turn has come, and it does not know yet
    unlucky.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unlucky
    turns.leave(await next_one)
    assert limits.running == 0


async def test_a_storm_of_cancels_leaves_nothing() -> None:
    limits = Limits(2)
    turns = Turns("local", limits)
    mine = [await turns.take(INTERACTIVE, nobody, 5.0) for _ in range(2)]
    storm = [
        asyncio.create_task(turns.take(Who(str(at % 7)), lambda _: None, 5.0))
        for at in range(1_000)
    ]
    await asyncio.sleep(0)
    for task in storm:
        task.cancel()
    done = await asyncio.gather(*storm, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in done)
    assert list(limits.places()) == []
    for ticket in mine:
        turns.leave(ticket)
    assert limits.running == 0
    await turns.take(INTERACTIVE, nobody, 1.0)


async def test_a_wait_has_its_own_limit() -> None:
    limits = Limits(1)
    turns = Turns("cloud", limits)
    await turns.take(INTERACTIVE, nobody, 5.0)
    with pytest.raises(LaneBusy, match=r"The cloud lane had no turn for this within 0.05 s"):
        await turns.take(INTERACTIVE, lambda _: None, 0.05)
    assert list(limits.places()) == []


async def test_the_minute_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twolane_server.lanes.limits.MINUTE", 0.1)
    turns = Turns("cloud", Limits(9, per_minute=1))
    loop = asyncio.get_running_loop()
    begin = loop.time()
    turns.leave(await turns.take(INTERACTIVE, nobody, 5.0))
    for _ in range(2):
        turns.leave(await turns.take(INTERACTIVE, lambda _: None, 5.0))
    assert loop.time() - begin >= 0.19


async def test_who_cannot_be_told_loses_its_place() -> None:
    def fail(_told: str) -> None:
        raise ZeroDivisionError

    limits = Limits(1)
    turns = Turns("local", limits)
    first = await turns.take(INTERACTIVE, nobody, 5.0)
    with pytest.raises(ZeroDivisionError):
        await turns.take(INTERACTIVE, fail, 5.0)
    assert list(limits.places()) == []
    turns.leave(first)


async def test_many_work_at_once_and_never_too_many() -> None:
    limits = Limits(3)
    turns, most, done = Turns("local", limits), 0, list[Ticket]()

    async def work(at: int) -> None:
        nonlocal most
        ticket = await turns.take(Who(str(at % 5), at % 3 == 0), lambda _: None, 5.0)
        most = max(most, limits.running)
        await asyncio.sleep(0.001)
        done.append(ticket)
        turns.leave(ticket)

    await asyncio.gather(*(work(at) for at in range(100)))
    assert (most, len(done), limits.running) == (3, 100, 0)
