"""How a connection comes about where a name has several addresses, or none."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpcore
import pytest

from support_fake_server import MODEL, FakeServer
from twolane_server.errors import LaneUnreachable
from twolane_server.lanes import connect
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.connect import Sockets
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.settings.resolved import LaneSettings

if TYPE_CHECKING:
    from twolane_server.lanes.sockets import SocketStream


def sockets(*addresses: str) -> Sockets:
    async def find(host: str, port: int) -> tuple[str, ...]:
        del host, port
        return addresses

    return Sockets(find)


async def test_the_next_address_is_tried_at_once_when_one_refuses() -> None:
    async with FakeServer() as server:
        began = time.monotonic()
        stream = await sockets("127.0.0.2", "127.0.0.1").connect_tcp("box.lan", server.port, 5)
        assert time.monotonic() - began < 0.2
        assert await server.until(lambda server: server.open == 1)
        await stream.aclose()
        assert await server.until(lambda server: server.open == 0)


async def test_the_next_address_is_tried_soon_when_one_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And when the silent one comes after all, that connection is closed."""
    really = vars(connect)["_open"]

    async def slowly(address: str, port: int) -> SocketStream:
        if address == "127.0.0.3":
            await asyncio.sleep(0.3)
        return await really("127.0.0.1", port)

    monkeypatch.setattr(connect, "_open", slowly)
    async with FakeServer() as server:
        began = time.monotonic()
        stream = await sockets("127.0.0.3", "127.0.0.1").connect_tcp("box.lan", server.port, 5)
        assert 0.2 < time.monotonic() - began < 1.5
        await asyncio.sleep(0.2)
        assert server.open == 1
        await stream.aclose()


async def test_no_address_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(address: str, port: int) -> SocketStream:
        del address, port
        await asyncio.sleep(30)
        raise AssertionError

    monkeypatch.setattr(connect, "_open", never)
    with pytest.raises(httpcore.ConnectTimeout):
        await sockets("127.0.0.1", "127.0.0.2").connect_tcp("box.lan", 9, 0.05)


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (("127.0.0.2",), "connection refused"),
        (("127.0.0.2", "127.0.0.3"), "connection refused"),
        ((), "no connection"),
    ],
)
async def test_why_nobody_answers_is_told_for_any_number_of_addresses(
    addresses: tuple[str, ...], words: str
) -> None:
    async with FakeServer() as server:
        port = server.port

    async def find(host: str, port: int) -> tuple[str, ...]:
        del host, port
        return addresses

    url = f"http://relay.example:{port}/v1"
    cloud = OpenAIChat(LaneName.CLOUD, LaneSettings(url, MODEL), None, find)
    with pytest.raises(LaneUnreachable, match=words):
        await cloud.probe()
    await cloud.aclose()


async def test_unix_sockets_are_not_used() -> None:
    with pytest.raises(httpcore.UnsupportedProtocol):
        await Sockets().connect_unix_socket("/run/x")
