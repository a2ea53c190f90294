"""How a connection comes about where a name has several addresses, or none."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpcore
import pytest

from support_certificate import self_signed
from support_fake_server import MODEL, Answer, FakeServer, answer, chunk
from support_waiting import PATIENCE
from twolane_server.errors import LaneTimeout, LaneUnreachable
from twolane_server.lanes import connect
from twolane_server.lanes.base import LaneName, Request
from twolane_server.lanes.connect import Sockets, look_up
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.settings.resolved import LaneSettings

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.lanes.sockets import SocketStream

REQUEST = Request(json.dumps({"messages": [], "max_tokens": 5}).encode())


def sockets(*addresses: str) -> Sockets:
    async def find(host: str, port: int) -> tuple[str, ...]:
        del host, port
        return addresses

    return Sockets(find)


async def test_the_next_address_is_tried_at_once_when_one_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connect, "_NEXT_ADDRESS_SECONDS", 600.0)
    async with FakeServer() as server:
        stream = await sockets("127.0.0.2", "127.0.0.1").connect_tcp("box.lan", server.port, 60)
        assert await server.until(lambda server: server.open == 1)
        await stream.aclose()
        assert await server.until(lambda server: server.open == 0)


async def test_the_next_address_is_tried_soon_when_one_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And the silent one is given up."""
    really = vars(connect)["_open"]
    silent: list[asyncio.Task[object] | None] = []

    async def slowly(address: str, port: int, room: memoryview) -> SocketStream:
        if address == "127.0.0.3":
            silent.append(asyncio.current_task())
            await asyncio.sleep(3_600)
        return await really("127.0.0.1", port, room)

    monkeypatch.setattr(connect, "_open", slowly)
    async with FakeServer() as server:
        began = time.monotonic()
        stream = await sockets("127.0.0.3", "127.0.0.1").connect_tcp("box.lan", server.port, 60)
        assert time.monotonic() - began > 0.2
        [task] = silent
        assert task is not None
        assert task.cancelled()
        assert await server.until(lambda server: server.open == 1)
        await stream.aclose()


async def test_no_address_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(address: str, port: int, room: memoryview) -> SocketStream:
        del address, port, room
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


async def test_a_name_server_that_hangs_takes_no_thread_that_others_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        release.wait(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    asking = [asyncio.create_task(look_up("hangs.invalid", 1)) for _ in range(64)]
    await asyncio.sleep(0.05)
    begin = time.monotonic()
    await asyncio.gather(*(asyncio.to_thread(int) for _ in range(64)))
    assert time.monotonic() - begin < PATIENCE / 2
    for task in asking[1:]:
        task.cancel()
    assert not asking[0].done()
    release.set()
    assert await asking[0] == ()
    assert all([await _is_cancelled(task) for task in asking[1:]])


async def _is_cancelled(task: asyncio.Task[tuple[str, ...]]) -> bool:
    await asyncio.wait({task})
    return task.cancelled()


def test_a_name_server_that_hangs_holds_up_no_end_of_the_process() -> None:
    program = """
import asyncio, socket, time
from twolane_server.lanes.connect import look_up
socket.getaddrinfo = lambda *_, **__: time.sleep(120)
async def ask():
    try:
        await asyncio.wait_for(look_up("hangs.invalid", 1), 0.1)
    except TimeoutError:
        print("gave up")
asyncio.run(ask())
"""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=180
    )
    assert done.stdout == "gave up\n"
    assert time.monotonic() - begin < 100.0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
async def test_an_address_is_looked_up_nowhere(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert await look_up(host, 1) == (host,)


async def test_a_name_that_is_not_known_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        await look_up("nobody.invalid", 1)


async def test_a_whole_answer_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the system's trust store, as the cloud lane always is; limits and cancel hold there, too."""
    tls = await self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    text = "é" * 50_000
    slow = Answer((chunk("a"), 60.0))
    async with FakeServer(answer(*[text] * 4, "b"), slow, slow, tls=tls) as server:
        settings = LaneSettings(server.url, MODEL, idle_seconds=2.0)
        cloud = OpenAIChat(LaneName.CLOUD, settings, None)
        assert await cloud.resolve(MODEL) == MODEL
        assert "".join([piece.text async for piece in cloud.stream(REQUEST)]) == f"{text * 4}b"
        assert server.connections == 1, "the connection is used again"
        with pytest.raises(LaneTimeout, match="stopped for"):
            assert [piece async for piece in cloud.stream(REQUEST)] == []
        async with aclosing(cloud.stream(REQUEST)) as stream:
            assert (await anext(stream)).text == "a"
        assert await server.until(lambda server: server.open == 0)
        await cloud.aclose()


@pytest.mark.parametrize("name", LaneName)
async def test_no_pool_makes_requests_wait_unseen(name: LaneName) -> None:
    """How many are under way at once is for the lane's limits, which tell of a queue."""
    async with FakeServer(Answer((chunk("a"), 60.0))) as server:
        lane = OpenAIChat(name, LaneSettings(server.url, MODEL), None)

        async def ask() -> None:
            async for _ in lane.stream(REQUEST):
                pass

        tasks = [asyncio.create_task(ask()) for _ in range(24)]
        assert await server.until(lambda server: len(server.chats) == 24)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await server.until(lambda server: server.open == 0)
        await lane.aclose()
