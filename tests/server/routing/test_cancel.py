"""Cancelling: the client is free at once, the server soon after, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import time
import tracemalloc
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from support_border import prompt
from support_fake_server import FOREVER, Answer, FakeServer, chunk
from support_fault_bench import Bench, open_bench, settings_for
from support_faults import CLOUD_MODEL, MODELS
from support_waiting import PATIENCE
from twolane_server.border.ledger import read_rows
from twolane_server.border.secrets import warm
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.records import Row
    from twolane_server.settings.resolved import Settings

pytestmark = pytest.mark.slow

SLOT_SECONDS = 10.0  # far less than any limit that would close it
IDLE_CONNECTIONS = 16
STORM = 400
STORMS = 3
AT_ONCE = 20
WARM_UP = 200
GROWN_BYTES = 250 * STORM
GROWN_OBJECTS = STORM // 4  # far fewer than one for each cancel


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count is all that is wanted


async def left(bench: Bench, server: FakeServer) -> tuple[int, int]:
    """How many objects there are, and how many bytes, once no connection is kept for later."""
    runner = bench.runner
    for one in (*runner._kept.locals.values(), *runner._kept.gates.values()):  # pyright: ignore[reportPrivateUsage] - both may be used again
        await one.aclose()
    assert await server.until(lambda server: not server.open, SLOT_SECONDS)
    gc.collect()
    return len(gc.get_objects()), tracemalloc.get_traced_memory()[0]


def moments(chance: random.Random) -> Answer:
    """An answer that is never whole, in one of the states in which a cancel may find it."""
    stream = (chunk("word "), 0.002)
    return chance.choice(
        (
            Answer((FOREVER,), status=0),
            Answer((FOREVER,)),
            Answer((b": keep-alive\n\n", 0.002), repeat=True),
            Answer((chunk("Say"), FOREVER)),
            Answer(stream, repeat=True),
            Answer((chunk("x" * 5_000),) * 5 + stream * 2_000),
        )
    )


async def cancelled(bench: Bench, lane: LaneName, settings: Settings, after: float) -> None:
    """Start a request and cancel it after some seconds."""
    running = asyncio.create_task(bench.run(lane, settings))
    await asyncio.sleep(after)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("lane", LaneName)
async def test_the_slot_is_free_soon_and_the_end_is_recorded(
    lane: LaneName, tmp_path: Path
) -> None:
    """How soon the client is free is a matter of the server process: see the test from outside."""
    warm()
    for seed in range(20):
        chance = random.Random(f"{lane} {seed}")  # noqa: S311 - moments, not secrets
        folder = tmp_path / str(seed)
        with FakeServer(moments(chance), models=MODELS).start_in_thread() as server:
            async with open_bench(folder, {}) as bench:
                asking = asyncio.create_task(bench.run(lane, settings_for(bench, lane, server)))
                assert await server.until(lambda one: one.chats)
                await asyncio.sleep(chance.uniform(0, 0.1))
                begin = time.monotonic()
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                assert await server.until(lambda one: one.broken_off, SLOT_SECONDS), seed
                assert server.broken_off[0] - begin <= SLOT_SECONDS
        [row] = read_rows(folder / "state" / "ledger")
        assert row.public()["outcome"] == "cancelled"


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
@pytest.mark.parametrize("lane", LaneName)
async def test_a_storm_of_cancels_leaves_nothing_behind(lane: LaneName, tmp_path: Path) -> None:
    warm()
    prompt("é").tokens(CLOUD_MODEL)  # its vocabulary takes megabytes, once
    chance = random.Random(f"storm {lane}")  # noqa: S311 - moments, not secrets
    server = FakeServer(*(moments(chance) for _ in range(WARM_UP + STORMS * STORM)), models=MODELS)
    # Beside this loop, so that what the server holds is not counted as the client's.
    with server.start_in_thread():
        async with open_bench(tmp_path, {}) as bench:
            settings = settings_for(bench, lane, server, at_once=AT_ONCE)

            def rows() -> list[Row]:
                return list(read_rows(bench.folders.state / "ledger"))

            async def storm(count: int) -> None:
                some = asyncio.Semaphore(AT_ONCE)

                async def one() -> None:
                    async with some:
                        await cancelled(bench, lane, settings, chance.uniform(0, 0.25))

                async with asyncio.TaskGroup() as group:
                    for _ in range(count):
                        group.create_task(one())
                free = await server.until(lambda one: one.open <= IDLE_CONNECTIONS, SLOT_SECONDS)
                assert free, server.open
                # The disk may be behind with the entries of what was never sent.
                caught_up = await server.until(
                    lambda _: (
                        len(asyncio.all_tasks()) == tasks and all(row.ended for row in rows())
                    ),
                    2 * PATIENCE,
                )
                assert caught_up, asyncio.all_tasks()
                server.requests.clear()
                server.received.clear()
                server.broken_off.clear()

            tasks = len(asyncio.all_tasks())
            await storm(WARM_UP)
            tracemalloc.start()
            seen = [await left(bench, server)]
            files = open_files()
            for _ in range(STORMS):
                await storm(STORM)
                seen.append(await left(bench, server))
            tracemalloc.stop()
            assert open_files() <= files
            # What leaks grows with each storm. A table of the interpreter's grows once: that of the
            # interned strings alone takes megabytes when it moves.
            more = [
                [now - then for then, now in zip(*each, strict=True)] for each in pairwise(seen)
            ]
            objects, grown = map(min, zip(*more, strict=True))
            assert (objects <= GROWN_OBJECTS, grown <= GROWN_BYTES) == (True, True), more
        outcomes = Counter(str(row.public()["outcome"]) for row in rows())
        assert set(outcomes) == {"cancelled"}, outcomes
        assert outcomes["cancelled"] >= STORMS * STORM // 10, (
            "most came late enough to have been sent"
        )
