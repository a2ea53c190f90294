"""Very long lines of an event stream: how much is read of one that has no end, and in what steps.

The loop is the other lane's, too: what counts is how many bytes are taken in, and how many in one of its
turns. Neither depends on how fast a machine is.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from contextlib import aclosing

import pytest

from support_fake_server import Answer, FakeServer, answer
from twolane_server.errors import AnswerIncomplete
from twolane_server.lanes.base import LaneName, Request
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.lanes.sockets import SocketStream
from twolane_server.lanes.sse import Events
from twolane_server.settings.resolved import LaneSettings

LINE = 262_144
STEP = 65_536
PIECE = b"x" * 65_536
ENDLESS = {
    "a line of 20 MB": Answer((b"data: ", *[PIECE] * 320)),
    "a comment of 20 MB": Answer((b": ", *[PIECE] * 320)),
    "an event of 20 MB": Answer((b"data: " + PIECE[:900] + b"\n",) * 22_000),
}


class Taken:
    """How many bytes the lane takes in, by the loop's turns."""

    def __init__(self) -> None:
        self.now = 0
        self.in_turn: dict[int, int] = {}

    @property
    def all(self) -> int:
        return sum(self.in_turn.values())

    def add(self, size: int) -> None:
        self.in_turn[self.now] = self.in_turn.get(self.now, 0) + size

    def next_turn(self) -> None:
        self.now += 1
        asyncio.get_running_loop().call_soon(self.next_turn)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    counted = Taken()
    really = SocketStream.buffer_updated

    def buffer_updated(stream: SocketStream, nbytes: int) -> None:
        counted.add(nbytes)
        really(stream, nbytes)

    monkeypatch.setattr(SocketStream, "buffer_updated", buffer_updated)
    return counted


async def read(server: FakeServer) -> str:
    settings = LaneSettings(url=server.url, model="m", idle_seconds=20.0)
    chat = OpenAIChat(LaneName.LOCAL, settings, None)
    try:
        async with aclosing(chat.stream(Request(b'{"model": "m"}'))) as stream:
            return "".join([piece.text async for piece in stream])
    finally:
        await chat.aclose()


@pytest.mark.parametrize("kind", ENDLESS)
async def test_what_has_no_end_is_given_up_early_and_leaves_the_loop_its_turns(
    kind: str, taken: Taken
) -> None:
    async with FakeServer(ENDLESS[kind]) as server:
        taken.next_turn()
        with pytest.raises(AnswerIncomplete, match=f"more than {LINE:,} bytes"):
            await read(server)
        # What is read at once, and what came meanwhile.
        assert LINE < taken.all <= LINE + 3 * STEP
        assert max(taken.in_turn.values()) <= STEP
        assert await server.until(lambda one: one.broken_off)
    assert len(taken.in_turn) > LINE // STEP


async def test_a_long_answer_in_one_event_is_read() -> None:
    """As a relay sends that only seems to stream."""
    text = "def f(): ...\n" * 15_000
    async with FakeServer(answer(text)) as server:
        assert await read(server) == text


PACKED = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}


def packed(coding: str, body: bytes, cut: int = 0) -> Answer:
    """A body as a server compresses it, in two pieces."""
    data = PACKED[coding](body)
    return Answer((data[:cut], 0.01, data[cut:]), headers=(("content-encoding", coding),))


@pytest.mark.parametrize("coding", PACKED)
async def test_an_answer_that_is_compressed_all_the_same_is_read(coding: str) -> None:
    whole = b"".join(each for each in answer("Hel", "lo").pieces if isinstance(each, bytes))
    for cut in (1, 12, 60):
        async with FakeServer(packed(coding, whole, cut)) as server:
            assert await read(server) == "Hello"


async def test_a_line_that_is_long_once_it_is_unpacked_is_read_in_the_same_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = Taken()
    really = Events.feed

    def feed(events: Events, data: bytes) -> list[str]:
        taken.add(len(data))
        return really(events, data)

    monkeypatch.setattr(Events, "feed", feed)
    async with FakeServer(packed("gzip", b"data: " + PIECE * 320)) as server:
        taken.next_turn()
        with pytest.raises(AnswerIncomplete, match=f"more than {LINE:,} bytes"):
            await read(server)
    assert LINE < taken.all <= LINE + STEP
    assert max(taken.in_turn.values()) <= STEP


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip"])
async def test_what_cannot_be_unpacked_is_no_answer(coding: str) -> None:
    faulty = Answer((b"no such thing",), headers=(("content-encoding", coding),))
    async with FakeServer(faulty) as server:
        with pytest.raises(AnswerIncomplete, match="compressed its answer"):
            await read(server)
