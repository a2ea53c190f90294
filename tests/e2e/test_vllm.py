"""A real vLLM: what our own client makes of it, and what the tests' fake server claims that it does.

One server for all of them. It asks for a key, so it plays the relay as well as the team's own.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from support_border import prompt
from support_fault_bench import Bench, open_bench
from support_team import LOCALLY
from support_vllm import BLOCK, KEY, SMALL, WINDOW, Vllm, require_vllm, serving, until, words
from twolane_server.border.gate import local_request
from twolane_server.border.salt import salt_for
from twolane_server.border.secrets import warm
from twolane_server.errors import LaneRejected, ModelMissing
from twolane_server.fragments import Label
from twolane_server.lanes.base import Chunk, LaneName, Request, Usage
from twolane_server.lanes.key import Key
from twolane_server.lanes.metrics import Load
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.settings.resolved import EmbeddedSettings, KeySource, LaneSettings, Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from twolane_server.prompts import Prompt
    from twolane_server.routing.reply import Reply

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

ATTEMPTS = 5


@pytest.fixture(scope="module")
def vllm() -> Iterator[Vllm]:
    require_vllm()
    with serving(SMALL, key=KEY) as server:
        yield server


@asynccontextmanager
async def lane(
    vllm: Vllm, *, key: str = KEY, name: LaneName = LaneName.LOCAL
) -> AsyncGenerator[OpenAIChat]:
    settings = LaneSettings(vllm.url, SMALL, KeySource(environment="THE_KEY"))
    one = OpenAIChat(name, settings, Key(key))
    try:
        yield one
    finally:
        await one.aclose()


def request(text: str, *, max_tokens: int = 16, **more: object) -> Request:
    body: dict[str, object] = {
        "model": SMALL,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return Request(json.dumps(body | more).encode())


async def read(one: OpenAIChat, asked: Request) -> list[Chunk]:
    async with aclosing(one.stream(asked)) as chunks:
        return [chunk async for chunk in chunks]


async def used(one: OpenAIChat, asked: Request) -> Usage:
    *_, last = await read(one, asked)
    assert last.usage is not None
    return last.usage


@pytest.mark.parametrize("name", LaneName)
async def test_it_streams_and_counts(vllm: Vllm, name: LaneName) -> None:
    async with lane(vllm, name=name) as one:
        assert await one.resolve("smollm2") == SMALL
        assert one.window(SMALL) == WINDOW
        assert one.is_vllm(SMALL)
        asked = request("Count to ten.", max_tokens=12, ignore_eos=True)
        chunks = await read(one, asked)
        counted = await one.beside.count(asked)
    *texts, last = chunks
    assert len(texts) > 5, "a chunk for each token, or nearly"
    assert all(chunk.text and chunk.model == SMALL for chunk in texts)
    assert (last.finish, last.model) == ("length", SMALL)
    assert last.usage is not None
    assert (last.usage.prompt, last.usage.completion) == (counted, 12)


async def test_a_wrong_key(vllm: Vllm) -> None:
    async with lane(vllm, key="sk-wrong-" + "x" * 20, name=LaneName.CLOUD) as one:
        with pytest.raises(LaneRejected, match="does not accept the key") as refused:
            await one.resolve(SMALL)
        assert refused.value.status == 401
        with pytest.raises(LaneRejected, match="Check THE_KEY"):
            await read(one, request("x"))


async def test_a_model_that_is_not_there(vllm: Vllm) -> None:
    async with lane(vllm) as one:
        with pytest.raises(ModelMissing, match=f"no model gpt; it has {SMALL}"):
            await one.resolve("gpt")
        with pytest.raises(LaneRejected, match="does not know the model") as refused:
            await read(one, request("x", model="gpt"))
    assert refused.value.status == 404


async def test_a_prompt_that_does_not_fit(vllm: Vllm) -> None:
    async with lane(vllm) as one:
        with pytest.raises(LaneRejected, match=r"holds 8,192 tokens.*at least [\d,]+") as refused:
            await read(one, request(words(3 * WINDOW)))
    assert refused.value.status == 400


def begun(
    bench: Bench, asked: Prompt, settings: Settings
) -> tuple[asyncio.Task[Reply], asyncio.Event]:
    """A request on its way, and what tells that its answer is being written."""
    writing, nothing = asyncio.Event(), Mock()

    def on_text(_text: str, count: int) -> None:
        if count > 2:
            writing.set()

    run = bench.runner.run(
        asked,
        LOCALLY,
        settings,
        otherwise=nothing,
        on_text=on_text,
        on_notice=nothing,
        on_decision=nothing,
    )
    return asyncio.create_task(run), writing


async def test_who_leaves_is_free_at_once_and_its_place_within_a_second(
    vllm: Vllm, tmp_path: Path
) -> None:
    """By the product's whole way. The best of some: vLLM takes all of a small machine's processors."""
    warm()
    free: list[float] = []
    slots: list[float] = []
    async with open_bench(tmp_path, {"THE_KEY": KEY}) as bench:
        key = KeySource(environment="THE_KEY")
        settings = Settings(
            local=LaneSettings(vllm.url, SMALL, key, window=WINDOW),
            embedded=EmbeddedSettings(enabled=False),
        )
        for number in range(ATTEMPTS):
            before = vllm.metrics()
            story = prompt(f"Tell a long story, the {number}th.", Label.NDA, max_tokens=4_000)
            asking, writing = begun(bench, story, settings)
            await asyncio.wait_for(writing.wait(), 60)
            assert vllm.metrics()["vllm:num_requests_running"] == 1
            left = time.monotonic()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            free.append(time.monotonic() - left)
            assert await asyncio.to_thread(
                until, lambda: vllm.metrics()["vllm:num_requests_running"] == 0, 60.0
            )
            slots.append(time.monotonic() - left)
            stopped = vllm.metrics()["vllm:generation_tokens_total"]
            await asyncio.sleep(0.5)
            after = vllm.metrics()
            assert after["vllm:generation_tokens_total"] == stopped, "it writes on for nobody"
            assert stopped - before["vllm:generation_tokens_total"] < 4_000
    assert (min(free) <= 0.05, min(slots) <= 1.0) == (True, True), (free, slots)


async def test_its_load_is_read(vllm: Vllm) -> None:
    async with lane(vllm) as one:
        stream = one.stream(request("Tell a long story.", max_tokens=4_000, ignore_eos=True))
        async with aclosing(stream) as chunks:
            await anext(chunks)
            assert await one.beside.load() == Load(running=1, waiting=0)


async def test_what_was_sent_before_is_cached_in_whole_blocks(vllm: Vllm) -> None:
    text = words(5 * BLOCK, "the first words make it new")
    async with lane(vllm) as one:
        cold, before = await used(one, request(text)), vllm.metrics()
        warm, after = await used(one, request(f"{text} and more")), vllm.metrics()
    assert cold.cached == 0
    assert warm.cached is not None
    assert warm.cached % BLOCK == 0
    assert cold.prompt - 2 * BLOCK < warm.cached < warm.prompt
    hits, asked = (
        after[f"vllm:prefix_cache_{name}_total"] - before[f"vllm:prefix_cache_{name}_total"]
        for name in ("hits", "queries")
    )
    assert (hits, asked) == (warm.cached, warm.prompt)


async def test_code_under_nda_shares_its_prefix_with_nobody_else(
    vllm: Vllm, tmp_path: Path
) -> None:
    text = words(4 * BLOCK, "salted")

    def asked(label: Label, state: str) -> Request:
        return local_request(
            prompt(text, label, max_tokens=4), SMALL, salt_for(label, tmp_path / state)
        )

    async with lane(vllm) as one:
        mine = [(await used(one, asked(Label.NDA, "mine"))).cached for _ in range(2)]
        yours = (await used(one, asked(Label.NDA, "yours"))).cached
        open_code = [(await used(one, asked(Label.OPEN, "mine"))).cached for _ in range(2)]
    assert (mine[0], yours, open_code[0]) == (0, 0, 0)
    assert mine[1] == open_code[1]
    assert (mine[1] or 0) >= 2 * BLOCK


async def test_an_answer_of_a_given_form(vllm: Vllm) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"enum": ["left", "right"]}, "count": {"enum": [1, 2]}},
        "required": ["name", "count"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    async with lane(vllm) as one:
        chunks = await read(one, request("Say it.", max_tokens=60, response_format=form))
    told = json.loads("".join(chunk.text for chunk in chunks))
    assert chunks[-1].finish == "stop"
    assert told["name"] in {"left", "right"}
    assert told["count"] in {1, 2}
