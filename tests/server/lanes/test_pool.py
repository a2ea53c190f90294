"""Connections are put back or closed, whenever their request is cancelled."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import httpcore
import pytest

from support_fake_server import Answer, FakeServer, answer
from twolane_server.lanes.connect import Sockets
from twolane_server.lanes.pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

KEPT = 2


@pytest.fixture
def pool() -> Pool:
    return Pool(Sockets(), ssl.create_default_context(), idle_connections=KEPT)


async def asked(pool: Pool, server: FakeServer) -> bytes:
    """The body of one answer."""
    request = httpcore.Request("GET", f"{server.url}/models", headers=[("host", server.host)])
    pooled = await pool.send(request, 2.0)
    try:
        parts = cast("AsyncIterable[bytes]", pooled.response.stream)
        return b"".join([part async for part in parts])
    finally:
        await pooled.aclose()


async def test_a_connection_is_used_again_and_no_more_than_some_are_kept(pool: Pool) -> None:
    async with FakeServer() as server:
        for _ in range(3):
            assert b"id" in await asked(pool, server)
        assert server.connections == 1
        await asyncio.gather(*(asked(pool, server) for _ in range(5)))
        assert server.connections == 5
        assert await server.until(lambda one: one.open == KEPT)
        await pool.aclose()
        assert await server.until(lambda one: one.open == 0)
        assert b"id" in await asked(pool, server), "it may be used again"
        await pool.aclose()


async def test_a_body_that_is_not_read_to_its_end_costs_its_connection(pool: Pool) -> None:
    async with FakeServer(models_answer=Answer((b"a", 0.2, b"b"))) as server:
        request = httpcore.Request("GET", f"{server.url}/models", headers=[("host", server.host)])
        pooled = await pool.send(request, 2.0)
        await pooled.aclose()
        await pooled.aclose()
        assert await server.until(lambda one: one.open == 0)


async def test_a_connection_that_the_server_closed_is_not_used(pool: Pool) -> None:
    async with FakeServer() as server:
        await asked(pool, server)
    async with server:
        await asked(pool, server)
        assert server.connections == 2
        await pool.aclose()


async def test_a_cancel_at_any_step_leaves_no_connection_behind(pool: Pool) -> None:
    """Each step of the loop in turn: while it connects, sends, waits, reads, gives back."""
    async with FakeServer(answer("Hi")) as server:
        finished = 0
        for steps in range(120):
            task = asyncio.create_task(asked(pool, server))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            finished += not task.cancelled()
            assert await server.until(lambda one: one.open <= KEPT), steps
            if steps % 3 == 0:  # also with a new connection
                await pool.aclose()
        assert b"id" in await asked(pool, server)
        await pool.aclose()
        assert await server.until(lambda one: one.open == 0)
        assert server.requests, "some got as far as that"
        assert finished < 120, "and some did not"


async def test_a_server_without_tls_is_a_failure_and_its_connection_is_closed(pool: Pool) -> None:
    async with FakeServer() as server:
        url = f"https://{server.host}/v1/models"
        with pytest.raises(httpcore.ConnectTimeout):
            await pool.send(httpcore.Request("GET", url), 0.1)
        assert await server.until(lambda one: one.open == 0)
