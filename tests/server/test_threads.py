from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from support_waiting import PATIENCE
from twolane_server.threads import from_thread

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_all_items_come_in_order() -> None:
    async with from_thread(lambda _: iter(range(1_000))) as batches:
        found = [item async for batch in batches for item in batch]
    assert found == list(range(1_000))


async def test_what_came_meanwhile_comes_together() -> None:
    made = threading.Event()

    def items(_: threading.Event) -> Iterator[int]:
        yield from range(5)
        made.set()

    async with from_thread(items) as batches:
        assert await asyncio.to_thread(made.wait, PATIENCE)
        assert [batch async for batch in batches] == [[0, 1, 2, 3, 4]]


async def test_its_error_comes_after_what_came_before_it() -> None:
    def items(_: threading.Event) -> Iterator[int]:
        yield 1
        raise OSError("no")

    async with from_thread(items) as batches:
        assert await anext(batches) == [1]
        with pytest.raises(OSError, match="no"):
            await anext(batches)


async def test_leaving_ends_the_iterator() -> None:
    ended = threading.Event()

    def items(stop: threading.Event) -> Iterator[int]:
        try:
            while not stop.wait(0.001):
                yield 1
        finally:
            ended.set()

    async with from_thread(items) as batches:
        assert await anext(batches)
    assert await asyncio.to_thread(ended.wait, PATIENCE)
