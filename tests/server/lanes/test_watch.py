"""A look at a server's load holds nobody up and asks seldom."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from support_fake_server import FOREVER, Answer, FakeServer, refusal
from support_waiting import PATIENCE
from twolane_server.errors import LaneUnreachable
from twolane_server.lanes import watch
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.metrics import Load
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.lanes.watch import Watch
from twolane_server.settings.resolved import LaneSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def metrics(waiting: int) -> Answer:
    text = f'vllm:num_requests_running{{engine="0"}} 4.0\nvllm:num_requests_waiting{{engine="0"}} {waiting}.0\n'
    return Answer((text.encode(),), content_type="text/plain; version=0.0.4; charset=utf-8")


def watching(ask: Callable[[], Awaitable[Load | None]]) -> tuple[Watch, list[float]]:
    asked: list[float] = []

    async def noted() -> Load | None:
        asked.append(time.monotonic())
        return await ask()

    return Watch(noted), asked


async def test_many_looks_are_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> Load | None:
        await asyncio.sleep(0)
        return Load(1, len(asked))

    monkeypatch.setattr(watch, "_PATIENCE_SECONDS", PATIENCE)
    monkeypatch.setattr(watch, "_FRESH_SECONDS", PATIENCE)
    found, asked = watching(ask)
    looks = await asyncio.gather(*(found.look() for _ in range(50)))
    assert set(looks) == {Load(1, 1)}
    assert len(asked) == 1
    monkeypatch.setattr(watch, "_FRESH_SECONDS", 0.0)
    assert await found.look() == Load(1, 2)


async def test_a_slow_server_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = asyncio.Event()

    async def ask() -> Load | None:
        await answers.wait()
        return Load(1, 1)

    monkeypatch.setattr(watch, "_FRESH_SECONDS", 10 * PATIENCE)
    found, asked = watching(ask)
    async with asyncio.timeout(PATIENCE / 2):
        for _ in range(3):
            assert await found.look() is None
    answers.set()
    monkeypatch.setattr(watch, "_PATIENCE_SECONDS", PATIENCE)
    assert await found.look() == Load(1, 1)
    assert len(asked) == 1, "what was asked goes on"
    monkeypatch.setattr(watch, "_OLD_SECONDS", 0.0)
    assert await found.look() is None, "what is old is not believed"


async def test_a_fault_is_no_ones_business() -> None:
    async def ask() -> Load | None:
        raise LaneUnreachable("no")

    found, _ = watching(ask)
    assert await found.look() is None


async def test_closing_gives_up_the_question() -> None:
    async def ask() -> Load | None:
        await asyncio.sleep(FOREVER)
        return None

    found, _ = watching(ask)
    assert await found.look() is None
    await found.aclose()
    await found.aclose()


async def test_the_servers_word_for_it() -> None:
    async with FakeServer(metrics=metrics(3)) as server:
        chat = OpenAIChat(LaneName.LOCAL, LaneSettings(server.url, "m"), None)
        assert await chat.beside.load() == Load(4, 3)
        assert [each.path for each in server.requests] == ["/metrics"]
        await chat.aclose()


@pytest.mark.parametrize(
    "told",
    [
        refusal(404),
        refusal(401),
        refusal(500),
        Answer((b'{"error":"Unexpected endpoint"}',), content_type="application/json"),
    ],
)
async def test_a_server_that_does_not_tell_is_asked_once(told: Answer) -> None:
    async with FakeServer(metrics=told) as server:
        chat = OpenAIChat(LaneName.LOCAL, LaneSettings(server.url, "m"), None)
        for _ in range(3):
            assert await chat.beside.load() is None
        assert len(server.requests) == 1
        await chat.aclose()
