"""Other servers of the dialect serve the local lane; their ways are in `support_dialects`."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from support_dialects import DIALECTS, Dialect
from support_fake_server import Answer, FakeServer, chunk
from support_waiting import PATIENCE
from twolane_server.border.wire import encode
from twolane_server.errors import AnswerIncomplete, LaneError, LaneRejected
from twolane_server.lanes import watch
from twolane_server.lanes.base import Request, Usage
from twolane_server.lanes.local import open_local
from twolane_server.lanes.metrics import Load
from twolane_server.lanes.retry import passes
from twolane_server.settings.resolved import EmbeddedSettings, Folders, LaneSettings, Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from twolane_server.lanes.base import Chunk
    from twolane_server.lanes.local import Local

WANTED = "Qwen3-Coder"
all_dialects = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))


def server_of(dialect: Dialect, *answers: Answer) -> FakeServer:
    return FakeServer(
        *(answers or (Answer(dialect.stream),)),
        models_answer=Answer(
            (json.dumps(dialect.models).encode(),), content_type="application/json"
        ),
        tokenize=dialect.tokenize,
        metrics=dialect.metrics,
    )


@asynccontextmanager
async def lane_to(server: FakeServer, at: Path, path: str = "/v1") -> AsyncGenerator[Local]:
    url = f"http://{server.host}{path}"
    settings = Settings(
        local=LaneSettings(url=url, model=WANTED), embedded=EmbeddedSettings(enabled=False)
    )
    lane = open_local(settings, Folders(at, at, at), {})
    try:
        yield lane
    finally:
        await lane.aclose()


async def asked(lane: Local) -> list[Chunk]:
    found = await lane.answering(WANTED)
    return [piece async for piece in found.lane.stream(request_to(found.model))]


def request_to(model: str) -> Request:
    return Request(encode(model, [("user", "Say hello.")], max_tokens=5, temperature=0.0))


@all_dialects
async def test_a_whole_answer(dialect: Dialect, tmp_path: Path) -> None:
    async with server_of(dialect) as server, lane_to(server, tmp_path) as lane:
        found = await lane.answering(WANTED)
        assert (found.model, found.vllm, found.stand_in) == (dialect.model, False, None)
        assert lane.window(WANTED) == dialect.window
        chunks = [piece async for piece in found.lane.stream(request_to(found.model))]
        assert "".join(piece.text for piece in chunks) == "Hello world"
        assert [piece.finish for piece in chunks[-2:]] == [None, "stop"]
        assert chunks[-1].usage == Usage(*dialect.usage)
        assert server.connections == 1, "the connection is used again"
        sent = server.chats[0].json
        assert sent["model"] == dialect.model
        assert "cache_salt" not in sent


@all_dialects
async def test_a_cut_answer_says_so(dialect: Dialect, tmp_path: Path) -> None:
    behaviour = Answer((*dialect.stream[:2], *dialect.cut))
    async with server_of(dialect, behaviour) as server, lane_to(server, tmp_path) as lane:
        assert (await asked(lane))[-1].finish == "length"


@all_dialects
async def test_pieces_of_any_size(dialect: Dialect, tmp_path: Path) -> None:
    raw = b"".join(dialect.stream)
    pieces = tuple(raw[at : at + 7] for at in range(0, len(raw), 7))
    async with server_of(dialect, Answer(pieces)) as server, lane_to(server, tmp_path) as lane:
        assert "".join(piece.text for piece in await asked(lane)) == "Hello world"


@all_dialects
async def test_a_prompt_that_is_too_long(dialect: Dialect, tmp_path: Path) -> None:
    for behaviour in dialect.overflow:
        async with server_of(dialect, behaviour) as server, lane_to(server, tmp_path) as lane:
            with pytest.raises(LaneRejected, match="Select less") as caught:
                await asked(lane)
            if dialect.needed:
                needed, held = dialect.needed
                assert str(caught.value).startswith(
                    f"The model at {server.host} holds {held:,} tokens, and this request needs at"
                    f" least {needed:,}."
                )
            assert not passes(caught.value), "the same again would not help"


@all_dialects
async def test_a_stream_that_ends_early_is_no_answer(dialect: Dialect, tmp_path: Path) -> None:
    behaviour = Answer(dialect.stream[:2])
    async with server_of(dialect, behaviour) as server, lane_to(server, tmp_path) as lane:
        with pytest.raises(AnswerIncomplete, match="stopped before its answer was finished"):
            await asked(lane)


@all_dialects
async def test_a_model_that_is_not_there(dialect: Dialect, tmp_path: Path) -> None:
    async with server_of(dialect, dialect.missing) as server, lane_to(server, tmp_path) as lane:
        with pytest.raises(LaneRejected, match=r"does not know the model.*/v1"):
            await asked(lane)


@all_dialects
async def test_what_is_beside_the_api(
    dialect: Dialect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_PATIENCE_SECONDS", PATIENCE)
    async with server_of(dialect) as server, lane_to(server, tmp_path) as lane:
        for _ in range(2):
            assert await lane.count(WANTED, request_to) is None
        load = dialect.load and Load(*dialect.load)
        assert await lane.load.look() == load
        about = await lane.about()
        assert about is not None
        assert about.version is None


@pytest.mark.parametrize("name", ["llama.cpp", "Ollama", "LM Studio"])
async def test_who_cannot_count_is_asked_once(name: str, tmp_path: Path) -> None:
    async with server_of(DIALECTS[name]) as server, lane_to(server, tmp_path) as lane:
        for _ in range(3):
            assert await lane.count(WANTED, request_to) is None
        assert [each.path for each in server.requests].count("/tokenize") == 1


@all_dialects
async def test_a_cancel_closes_the_connection(dialect: Dialect, tmp_path: Path) -> None:
    """Each of them stops its work when the client leaves."""
    behaviour = Answer((*dialect.stream[:2], 60.0))
    async with server_of(dialect, behaviour) as server, lane_to(server, tmp_path) as lane:
        task = asyncio.create_task(asked(lane))
        assert await server.until(lambda server: server.chats)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await server.until(lambda server: server.broken_off)


async def test_lm_studio_without_v1_is_told_what_to_do(tmp_path: Path) -> None:
    """It answers 200 and JSON to any address, so the list of models is where that shows."""
    told = DIALECTS["LM Studio"].elsewhere
    server = FakeServer(Answer((chunk("no"),)), models_answer=told)
    async with server, lane_to(server, tmp_path, "") as lane:
        with pytest.raises(LaneError, match=r"sent no list of models\. Check local\.url"):
            await asked(lane)


async def test_llama_cpp_while_it_loads(tmp_path: Path) -> None:
    """https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, `GET /health`."""
    error = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
    loading = Answer(
        (json.dumps({"error": error}).encode(),), status=503, content_type="application/json"
    )
    server = server_of(DIALECTS["llama.cpp"], loading)
    async with server, lane_to(server, tmp_path) as lane:
        with pytest.raises(LaneRejected, match="Try again in a while") as caught:
            await asked(lane)
        assert passes(caught.value)
