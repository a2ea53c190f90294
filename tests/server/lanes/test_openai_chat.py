"""The HTTP lane against a server that has every fault."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from support_fake_server import (
    DONE,
    EVENTS,
    FOREVER,
    MODEL,
    Answer,
    FakeServer,
    answer,
    chunk,
    counted,
    event,
    refusal,
    usage,
)
from support_waiting import PATIENCE
from twolane_server.errors import (
    AnswerIncomplete,
    LaneError,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    ModelMissing,
    SettingsError,
)
from twolane_server.lanes.base import Chunk, LaneName, Request, Usage
from twolane_server.lanes.key import Key
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.settings.resolved import KeySource, LaneSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

KEY = "sk-" + "k" * 20
PRIVATE = "def very_private_name(): ..."
REQUEST = Request(
    json.dumps({"model": MODEL, "messages": [{"role": "user", "content": PRIVATE}]}).encode()
)


@contextlib.asynccontextmanager
async def lane(
    server: FakeServer,
    *,
    key: str | None = None,
    model: str = "Qwen3-Coder",
    connect: float = PATIENCE,
    idle: float = PATIENCE,
    deadline: float = PATIENCE,
) -> AsyncGenerator[OpenAIChat]:
    settings = LaneSettings(
        url=server.url,
        model=model,
        key=KeySource(environment="SOME_KEY"),
        connect_seconds=connect,
        idle_seconds=idle,
        deadline_seconds=deadline,
    )
    chat = OpenAIChat(LaneName.LOCAL, settings, None if key is None else Key(key))
    try:
        yield chat
    finally:
        await chat.aclose()


async def read(chat: OpenAIChat, request: Request = REQUEST) -> list[Chunk]:
    async with contextlib.aclosing(chat.stream(request)) as stream:
        return [piece async for piece in stream]


async def text_of(*pieces: bytes | float) -> str:
    """What a lane makes of an answer in these pieces."""
    async with FakeServer(Answer(pieces)) as server, lane(server) as chat:
        return "".join(piece.text for piece in await read(chat))


async def error_of(
    behaviour: Answer, *, idle: float = PATIENCE, deadline: float = PATIENCE
) -> LaneError:
    """How a lane fails at this; the error and all behind it repeat nothing of the prompt."""
    async with FakeServer(behaviour) as server, lane(server, idle=idle, deadline=deadline) as chat:
        with pytest.raises(LaneError) as caught:
            await read(chat)
        assert await server.until(lambda server: server.open == 0 or behaviour.clean)
    assert "private" not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


async def test_a_whole_answer_and_the_very_bytes() -> None:
    async with FakeServer(answer("Hello", " wörld 🙂")) as server, lane(server, key=KEY) as chat:
        chunks = await read(chat)
        assert "".join(piece.text for piece in chunks) == "Hello wörld 🙂"
        assert [piece.finish for piece in chunks] == [None, None, "stop"]
        assert chunks[-1].usage == Usage(10, 3)
        assert {piece.model for piece in chunks} == {MODEL}
        [sent] = server.requests
        assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
        assert sent.body == REQUEST.body
        assert sent.headers["content-type"] == "application/json"
        assert sent.headers["authorization"] == f"Bearer {KEY}"
        assert sent.headers["accept-encoding"] == "identity"


async def test_the_server_counts_the_messages_beside_its_api() -> None:
    async with FakeServer(tokenize=counted(1_234)) as server, lane(server, key=KEY) as chat:
        assert await chat.beside.count(REQUEST) == 1_234
        assert chat.beside.counts
        [sent] = server.requests
        assert (sent.method, sent.path) == ("POST", "/tokenize")
        assert sent.json == {name: json.loads(REQUEST.body)[name] for name in ("model", "messages")}


async def test_a_server_that_has_no_count_is_known_for_it() -> None:
    async with FakeServer() as server, lane(server) as chat:
        assert await chat.beside.count(REQUEST) is None
        assert not chat.beside.counts
        server.tokenize = refusal(500)
        chat.beside.counts = True
        assert await chat.beside.count(REQUEST) is None
        assert chat.beside.counts


@pytest.mark.parametrize("told", ["7", None, True, -1, 0, 7.5, [7], {}])
async def test_a_count_that_is_none_is_not_believed(told: object) -> None:
    async with FakeServer(tokenize=counted(told)) as server, lane(server) as chat:
        assert await chat.beside.count(REQUEST) is None


async def test_a_count_that_is_no_json_is_not_believed() -> None:
    async with FakeServer(tokenize=Answer((b"<html>",))) as server, lane(server) as chat:
        assert await chat.beside.count(REQUEST) is None


async def test_without_a_key_nothing_is_authorised() -> None:
    async with FakeServer() as server, lane(server) as chat:
        await read(chat)
        assert "authorization" not in server.requests[0].headers


async def test_the_connection_is_used_again() -> None:
    async with FakeServer() as server, lane(server) as chat:
        await chat.resolve("Qwen3-Coder")
        for _ in range(3):
            await read(chat)
        assert server.connections == 1


async def test_no_proxy_no_cookie_no_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = Answer(answer("a").pieces, headers=(("set-cookie", "id=1; Path=/"),))
    async with FakeServer() as other, FakeServer(cookie) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{other.host}")
        async with lane(server, key=KEY) as chat:
            await read(chat)
            await read(chat)
        assert all("cookie" not in request.headers for request in server.requests)
        server.answers = [refusal(307, location=f"{other.url}/chat/completions")]
        async with lane(server, key=KEY) as chat:
            with pytest.raises(LaneRejected, match=r"on to 127\.0\.0\.1.*never") as caught:
                await read(chat)
        assert caught.value.status == 307
        assert not other.received


async def test_shapes_of_streams() -> None:
    whole = chunk("é🙂") + chunk("x", finish="stop") + DONE
    assert await text_of(*(bytes([byte]) for byte in whole)) == "é🙂x"
    assert await text_of(whole.replace(b"\n", b"\r\n")) == "é🙂x"
    split = b'data: {"choices": [{"delta":\ndata: {"content": "a"}, "finish_reason": "stop"}]}\n\n'
    assert await text_of(split + DONE) == "a"
    assert await text_of(chunk("a"), chunk(finish="stop")) == "a", "a clean end without [DONE]"
    assert await text_of(chunk("a"), chunk(finish="stop"), b"data: [DONE]") == "a"
    assert await text_of(chunk("a", finish="stop"), usage(), DONE, DONE) == "a"


async def test_keep_alives_then_an_answer() -> None:
    waits = [b": keep-alive\n\n", 0.05] * 4
    assert await text_of(*waits, chunk("a"), chunk(finish="stop"), DONE) == "a"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_other_reasons_are_the_callers_business(reason: str) -> None:
    async with FakeServer(answer("a", finish=reason)) as server, lane(server) as chat:
        assert (await read(chat))[-1].finish == reason


@pytest.mark.parametrize(
    ("dialect", "cached"),
    [
        ({"prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 2}, 8),
        ({"prompt_tokens_details": {"cached_tokens": 6}}, 6),
        ({}, None),
    ],
)
async def test_usage_in_three_dialects(dialect: dict[str, object], cached: int | None) -> None:
    pieces = (chunk("a", finish="stop"), usage(10, 1, **dialect), DONE)
    async with FakeServer(Answer(pieces)) as server, lane(server) as chat:
        assert (await read(chat))[-1].usage == Usage(10, 1, cached)


HELLO = chunk("Hel")
BROKEN = {
    "end of file without finish": Answer((HELLO,)),
    "only [DONE]": Answer((HELLO, DONE)),
    "cut in mid-chunk": Answer((HELLO, chunk("lo")[:20]), clean=False),
    "cut between chunks": Answer((HELLO,), clean=False),
    "cut after the finish": Answer((HELLO, chunk(finish="stop")), clean=False),
    "no headers, then cut": Answer(status=0, clean=False),
    "half a JSON object": Answer((HELLO, b'data: {"choices": [{"del\n\n')),
    "half a JSON object at the end": Answer((HELLO, b'data: {"choices": [{"del')),
    "an error in mid-stream": Answer((HELLO, event({"error": {"message": PRIVATE}}), DONE)),
    "an error without that key": Answer((HELLO, event({"message": PRIVATE, "code": 500}))),
    "an error object": Answer((HELLO, event({"object": "error", "message": PRIVATE}))),
    "text after the finish": Answer((HELLO, chunk(finish="stop"), chunk("lo"), DONE)),
    "an empty stream": Answer(()),
    "200 with a JSON error": refusal(200, {"error": {"message": PRIVATE}}),
    "200 with a portal page": Answer((b"<html>Log in</html>",), content_type="text/html"),
    "200 with no type": Answer((HELLO,), content_type=""),
    "200 and empty": Answer((), content_type="text/plain"),
    "bytes that are no UTF-8": Answer((HELLO, b'data: {"x": "\xff"}\n\n', chunk(finish="stop"))),
    "a line of 2 MB": Answer((HELLO, *[b"x" * 100_000] * 20)),
    "gzip that is none": Answer((b"xx",), headers=(("content-encoding", "gzip"),)),
    "204": Answer((), status=204),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_what_is_not_whole_is_not_an_answer(fault: str) -> None:
    error = await error_of(BROKEN[fault])
    assert isinstance(error, AnswerIncomplete | LaneRejected)
    assert isinstance(error, LaneRejected) == (fault == "204")
    assert str(error).startswith("127.0.0.1:")


async def test_a_reset_connection_is_incomplete() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: " + EVENTS.encode() + b"\r\n\r\n" + HELLO)
        await writer.drain()
        writer.transport.abort()

    listening = await asyncio.start_server(reset, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        settings = LaneSettings(url=f"http://127.0.0.1:{port}/v1", model="m")
        chat = OpenAIChat(LaneName.LOCAL, settings, None)
        with pytest.raises(AnswerIncomplete):
            await read(chat)
        await chat.aclose()


async def test_what_speaks_no_http() -> None:
    async def ssh(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(ssh, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        settings = LaneSettings(url=f"http://127.0.0.1:{port}/v1", model="m")
        chat = OpenAIChat(LaneName.LOCAL, settings, None)
        with pytest.raises(AnswerIncomplete, match="before it answered"):
            await chat.resolve("Qwen3-Coder")
        await chat.aclose()


SLOW = {
    "no headers ever": (Answer((FOREVER,), status=0), 60.0, 0.3, "did not answer"),
    "a stall in the middle": (Answer((HELLO, FOREVER)), 1.0, 60.0, "stopped for 1 s"),
    "keep-alives for ever": (
        Answer((b": keep-alive\n\n", 0.02), repeat=True),
        1.0,
        60.0,
        "stopped for 1 s",
    ),
    "empty chunks for ever": (Answer((chunk(""), 0.02), repeat=True), 1.0, 60.0, "stopped for"),
    "keep-alives as fast as can be": (
        Answer((b": keep-alive\n\n" * 1_000,), repeat=True),
        1.0,
        60.0,
        "stopped for",
    ),
    "tokens that drip": (Answer((chunk("a"), 0.05), repeat=True), 60.0, 1.0, "within 1 s"),
    "a stall after the finish": (
        Answer((HELLO, chunk(finish="stop"), FOREVER)),
        1.0,
        60.0,
        "stopped for",
    ),
}


@pytest.mark.parametrize("fault", SLOW)
async def test_slowness_has_limits(fault: str) -> None:
    behaviour, idle, deadline, words = SLOW[fault]
    begin = time.monotonic()
    error = await error_of(behaviour, idle=idle, deadline=deadline)
    assert isinstance(error, LaneTimeout)
    assert words in str(error)
    assert time.monotonic() - begin < 50.0


async def test_the_pause_limit_is_not_the_readers_pause() -> None:
    async with FakeServer(answer("a", "b", "c", delay=0.01)) as server:
        async with lane(server, idle=1.0) as chat, contextlib.aclosing(chat.stream(REQUEST)) as s:
            texts: list[str] = []
            async for piece in s:
                texts.append(piece.text)
                await asyncio.sleep(1.1)
        assert texts == ["a", "b", "c", ""]


STATUSES = {
    400: "cannot use the request",
    401: "SOME_KEY",
    402: "balance",
    403: "SOME_KEY",
    404: "does not know the model",
    408: "Try again",
    409: "Try again",
    413: "cannot use the request",
    418: "refused",
    422: "cannot use the request",
    429: "limits how often",
    500: "fault of its own",
    502: "fault of its own",
    503: "fault of its own",
    504: "fault of its own",
    529: "fault of its own",
}


@pytest.mark.parametrize("status", STATUSES)
async def test_every_refusal_has_its_sentence(status: int) -> None:
    body = {"error": {"message": PRIVATE}}
    async with FakeServer(refusal(status, body)) as server, lane(server, key=KEY) as chat:
        with pytest.raises(LaneRejected, match=STATUSES[status]) as caught:
            await read(chat)
        assert caught.value.status == status
        assert str(status) in str(caught.value)
        assert "private" not in str(caught.value)
        assert KEY not in str(caught.value)
        assert len(server.chats) == 1, "a lane tries once; `traffic` tries again"


async def test_a_refusal_whose_body_never_ends() -> None:
    async with FakeServer(Answer((b"x", FOREVER), status=500)) as server, lane(server) as chat:
        with pytest.raises(LaneRejected):
            await read(chat)
        assert await server.until(lambda server: server.open == 0)


async def test_an_overflow_tells_the_numbers() -> None:
    message = (
        "This model's maximum context length is 65536 tokens. However, you requested 512 output"
        f" tokens and your prompt contains at least 65025 input tokens. {PRIVATE}"
    )
    error = await error_of(refusal(400, {"error": {"message": message, "param": "input_tokens"}}))
    assert "65,536" in str(error)
    assert "65,025" in str(error)


@pytest.mark.parametrize(("header", "words"), [("2", "in 2 s"), ("Friday", "a while")])
async def test_when_to_ask_again(header: str, words: str) -> None:
    assert words in str(await error_of(refusal(429, retry_after=header)))


async def test_nobody_listens() -> None:
    async with FakeServer() as server:
        pass
    async with lane(server) as chat:
        for work in (chat.resolve("Qwen3-Coder"), read(chat)):
            with pytest.raises(LaneUnreachable, match=r"Nothing answers at .*refused.*local\.url"):
                await work


async def test_a_cancel_closes_the_socket_within_a_second() -> None:
    for behaviour in (
        Answer((FOREVER,), status=0),
        Answer((FOREVER,)),
        Answer((b": keep-alive\n\n", 0.01), repeat=True),
        Answer((chunk("a"), 0.01), repeat=True),
    ):
        async with FakeServer(behaviour) as server, lane(server) as chat:
            task = asyncio.create_task(read(chat))
            assert await server.until(lambda server: server.requests)
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await server.until(lambda server: server.broken_off)
            assert server.open == 0


async def test_closing_the_stream_closes_the_socket() -> None:
    async with FakeServer(Answer((chunk("a"), 0.01), repeat=True)) as server, lane(server) as chat:
        stream = chat.stream(REQUEST)
        assert (await anext(stream)).text == "a"
        await stream.aclose()
        assert await server.until(lambda server: server.broken_off)


async def test_a_storm_of_cancels_leaves_nothing() -> None:
    async with FakeServer(Answer((chunk("a"), 0.01), repeat=True)) as server, lane(server) as chat:
        before = asyncio.all_tasks()
        for round_ in range(20):
            tasks = [asyncio.create_task(read(chat)) for _ in range(50)]
            await asyncio.sleep(0.002 * (round_ % 5))
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError) for one in done)
        assert await server.until(lambda server: server.open == 0)
        ours = {
            task
            for task in asyncio.all_tasks() - before
            if "FakeServer" not in repr(task.get_coro())
        }
        assert not ours


async def test_models_are_asked_once_and_resolved() -> None:
    async with FakeServer(models=("other", MODEL)) as server, lane(server, key=KEY) as chat:
        assert [await chat.resolve("Qwen3-Coder"), await chat.resolve("other")] == [MODEL, "other"]
        assert [await chat.resolve("Qwen3-Coder"), await chat.resolve("Oth-er")] == [MODEL, "other"]
        assert [request.path for request in server.requests] == ["/v1/models"]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        server.models = ("other",)
        await chat.probe()
        with pytest.raises(ModelMissing, match=r"it has other\..* into local\.model in"):
            await chat.resolve("Qwen3-Coder")
        with pytest.raises(ModelMissing, match="into the action's local_model in the settings"):
            await chat.resolve("Sonnet")
        assert await chat.resolve("other") == "other"


async def test_a_model_that_came_later_is_found() -> None:
    async with FakeServer(models=("other",)) as server, lane(server) as chat:
        assert await chat.resolve("other") == "other"
        server.models = ("other", MODEL)
        assert await chat.resolve("Qwen3-Coder") == MODEL
        assert len(server.requests) == 2


async def test_two_models_of_one_server_share_its_connection() -> None:
    async with FakeServer(models=("one", "two")) as server, lane(server) as chat:
        for name in ("one", "two", "one"):
            model = await chat.resolve(name)
            body = json.dumps({"model": model}).encode()
            async with contextlib.aclosing(chat.stream(Request(body))) as chunks:
                assert [chunk.finish async for chunk in chunks][-1] == "stop"
        asked = [request.json["model"] for request in server.requests if request.body]
        assert asked == ["one", "two", "one"]
        assert server.connections == 1


async def test_a_window_is_what_the_server_told_of_that_model() -> None:
    entries = [
        {"id": "vllm", "max_model_len": 32_768},
        {"id": "relayed", "context_length": 131_072},
        {"id": "silent"},
        {"id": "odd", "max_model_len": True, "context_length": -1},
    ]
    listing = Answer((json.dumps({"data": entries}).encode(),), content_type="application/json")
    async with FakeServer(models_answer=listing) as server, lane(server) as chat:
        assert chat.window("vllm") is None
        assert not server.requests, "nobody was asked"
        await chat.probe()
        windows = [chat.window(name) for name in ("VLLM", "relayed", "silent", "odd", "none")]
        assert windows == [32_768, 131_072, None, None, None]
        assert len(server.requests) == 1


async def test_an_unknown_model_is_asked_for_again() -> None:
    async with FakeServer(refusal(404)) as server, lane(server) as chat:
        await chat.resolve("Qwen3-Coder")
        with pytest.raises(LaneRejected):
            await read(chat)
        await chat.resolve("Qwen3-Coder")
        assert [request.method for request in server.requests] == ["GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("listing", "kind"),
    [
        (refusal(401), LaneRejected),
        (refusal(404), LaneRejected),
        (refusal(307, location="http://elsewhere/v1/models"), LaneRejected),
        (Answer((b"<html>",), content_type="text/html"), AnswerIncomplete),
        (Answer((b'{"data": {}}',)), AnswerIncomplete),
        (Answer((b"[" * 100_000,)), AnswerIncomplete),
        (Answer((b'{"data": [7, {"id": 7}]}',)), ModelMissing),
        (Answer((b'{"data": ',), clean=False), AnswerIncomplete),
        (Answer((b" ", FOREVER)), LaneTimeout),
    ],
)
async def test_lists_of_models_that_are_none(listing: Answer, kind: type[LaneError]) -> None:
    async with FakeServer(models_answer=listing) as server, lane(server, deadline=3.0) as chat:
        with pytest.raises(kind, match=r"127\.0\.0\.1"):
            await chat.resolve("Qwen3-Coder")


async def test_a_lane_may_be_closed_and_used_again() -> None:
    async with FakeServer() as server, lane(server) as chat:
        await read(chat)
        await chat.aclose()
        assert await server.until(lambda server: server.open == 0)
        assert (await read(chat))[-1].finish == "stop"


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "ftp://h/v1", "http://", "http://u:p@h/v1", "http://h/v1?x=1", "http://h:x"],
)
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(SettingsError, match=r"local\.url"):
        OpenAIChat(LaneName.LOCAL, LaneSettings(url=url, model="m"), None)


def test_a_lane_shows_no_key() -> None:
    chat = OpenAIChat(LaneName.LOCAL, LaneSettings(url="http://h/v1/", model="m"), Key(KEY))
    assert chat.host == "h:80"
    assert KEY not in repr(chat)
    assert KEY not in repr(vars(chat))
