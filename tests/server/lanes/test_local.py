"""Who answers on the local lane."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support_embedded import embedded_cache
from support_fake_server import FOREVER, MODEL, Answer, FakeServer, answer, refusal
from twolane_server.errors import (
    AnswerIncomplete,
    KeyUnusable,
    LaneError,
    LaneNotLocal,
    LaneRejected,
    LaneUnreachable,
    ModelMissing,
    SettingsError,
)
from twolane_server.lanes import connect
from twolane_server.lanes.base import LaneName, Request
from twolane_server.lanes.connect import Sockets
from twolane_server.lanes.embedded import Embedded
from twolane_server.lanes.local import open_local
from twolane_server.lanes.scripted import Scripted
from twolane_server.settings.resolved import (
    EmbeddedSettings,
    Folders,
    KeySource,
    LaneSettings,
    Settings,
)

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.lanes.local import Local
    from twolane_server.lanes.sockets import SocketStream

BODY = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 5}
REQUEST = Request(json.dumps(BODY).encode())


def folders(at: Path) -> Folders:
    return Folders(config=at, state=at, cache=at)


def settings(url: str, *, embedded: bool = True, **more: object) -> Settings:
    local = LaneSettings(url=url, model="Qwen3-Coder")
    return Settings(
        local=replace(local, **more),  # pyright: ignore[reportArgumentType] - the tests know the fields
        embedded=EmbeddedSettings(enabled=embedded),
    )


def opened(found: Settings, at: Path, environ: dict[str, str] | None = None) -> Local:
    return open_local(found, folders(at), environ or {})


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The embedded model resolves at once; what is resolved is noted."""
    resolved: list[str] = []

    async def resolve(self: Embedded, model: str, /) -> str:
        del model
        resolved.append(self.model)
        return self.model

    monkeypatch.setattr(Embedded, "resolve", resolve)
    return resolved


async def test_the_server_answers(tmp_path: Path, ready: list[str]) -> None:
    async with FakeServer(answer("hi")) as server:
        lane = opened(settings(server.url), tmp_path)
        found = await lane.answering("Qwen3-Coder")
        assert (found.lane.name, found.model, found.stand_in) == (LaneName.LOCAL, MODEL, None)
        assert found.lane.host == server.host
        assert "".join([chunk.text async for chunk in found.lane.stream(REQUEST)]) == "hi"
        await lane.aclose()
    assert not ready


async def test_the_embedded_model_stands_in_and_says_so(tmp_path: Path, ready: list[str]) -> None:
    server = FakeServer(answer("hi"))
    async with server:
        lane = opened(settings(server.url, connect_seconds=60.0), tmp_path)
    begin = time.monotonic()
    found = await lane.answering("Qwen3-Coder")
    assert time.monotonic() - begin < 30.0
    assert (found.model, found.lane.host) == ("SmolLM2-135M-Instruct", "in this process")
    assert found.stand_in == (
        f"nothing answers at {server.host} (connection refused), so the embedded"
        " SmolLM2-135M-Instruct answers"
    )
    async with server:  # on the same port again: the next action finds it
        again = await lane.answering("Qwen3-Coder")
        assert (again.model, again.stand_in, again.lane.host) == (MODEL, None, server.host)
        # Who asked before keeps what it found: requests do not change each other's lane.
        assert found.lane.host == "in this process"
    assert (await lane.answering("Qwen3-Coder")).stand_in is not None
    assert len(ready) == 2
    await lane.aclose()


async def test_a_slow_connection_on_this_machine_is_waited_for(
    tmp_path: Path, ready: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing listens, that is told at once; what is slow here is only a busy machine."""
    open_now = connect._open  # pyright: ignore[reportPrivateUsage] - that alone is to be slow

    async def late(address: str, port: int, room: memoryview) -> SocketStream:
        await asyncio.sleep(0.6)
        return await open_now(address, port, room)

    monkeypatch.setattr(connect, "_open", late)
    async with FakeServer(answer("hi")) as server:
        lane = opened(settings(server.url), tmp_path)
        assert (await lane.answering("Qwen3-Coder")).stand_in is None
        await lane.aclose()
    assert not ready


@pytest.mark.parametrize(
    ("listing", "kind"),
    [
        (refusal(401), LaneRejected),
        (refusal(404), LaneRejected),
        (refusal(503), LaneRejected),
        (Answer((b"<html>",), content_type="text/html"), AnswerIncomplete),
        (Answer((b'{"data": [{"id": "other"}]}',)), ModelMissing),
        (Answer(status=0, clean=False), AnswerIncomplete),
        (Answer((FOREVER,), status=0), LaneError),
    ],
)
async def test_nobody_stands_in_for_a_server_that_refuses(
    tmp_path: Path, ready: list[str], listing: Answer, kind: type[LaneError]
) -> None:
    async with FakeServer(models_answer=listing) as server:
        lane = opened(settings(server.url, deadline_seconds=3.0), tmp_path)
        with pytest.raises(kind):
            await lane.answering("Qwen3-Coder")
        await lane.aclose()
    assert not ready


async def test_without_a_stand_in_the_error_stays(tmp_path: Path) -> None:
    async with FakeServer() as server:
        pass
    lane = opened(settings(server.url, embedded=False), tmp_path)
    with pytest.raises(LaneUnreachable, match="Nothing answers at"):
        await lane.answering("Qwen3-Coder")
    await lane.aclose()


async def test_when_both_are_missing_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(_self: Embedded, _model: str, /) -> str:
        raise ModelMissing("The embedded model needs openvino-genai. Run: pip")

    monkeypatch.setattr(Embedded, "resolve", resolve)
    async with FakeServer() as server:
        pass
    lane = opened(settings(server.url), tmp_path)
    with pytest.raises(ModelMissing, match=r"Nothing answers at .* openvino-genai"):
        await lane.answering("Qwen3-Coder")
    await lane.aclose()


async def test_the_key_goes_along(tmp_path: Path) -> None:
    key = "sk-" + "y" * 20
    async with FakeServer() as server:
        found = settings(server.url, key=KeySource(environment="LOCAL_KEY"))
        lane = opened(found, tmp_path, {"LOCAL_KEY": f"{key}\n"})
        await lane.answering("Qwen3-Coder")
        assert server.requests[0].headers["authorization"] == f"Bearer {key}"
        await lane.aclose()
        with pytest.raises(KeyUnusable, match="LOCAL_KEY"):
            opened(found, tmp_path, {"LOCAL_KEY": "a b"})


async def test_a_script_takes_the_lane(tmp_path: Path) -> None:
    script = tmp_path / "replies.json"
    script.write_text('[{"reply": "scripted hello"}]')
    lane = open_local(settings(f"scripted:{script}"), folders(tmp_path), {})
    found = await lane.answering("Qwen3-Coder")
    assert isinstance(found.lane, Scripted)
    assert (found.lane.name, found.model, found.stand_in) == (LaneName.LOCAL, "scripted", None)
    assert "".join([chunk.text async for chunk in found.lane.stream(REQUEST)]) == "scripted hello"
    with pytest.raises(SettingsError):
        open_local(settings("scripted:/nowhere.json"), folders(tmp_path), {})


@pytest.fixture
def cache() -> Path:
    return embedded_cache()


@pytest.mark.embedded
async def test_with_the_real_model(tmp_path: Path, cache: Path) -> None:
    async with FakeServer() as server:
        pass
    at = Folders(config=tmp_path, state=tmp_path, cache=cache)
    lane = open_local(settings(server.url), at, {})
    found = await lane.answering("Qwen3-Coder")
    assert "SmolLM2" in (found.stand_in or "")
    async with contextlib.aclosing(found.lane.stream(REQUEST)) as stream:
        chunks = [chunk async for chunk in stream]
    assert chunks[-1].finish == "length"
    await lane.aclose()


CLOUD = "https://relay.example.test/v1"


@pytest.mark.parametrize(
    "url", [CLOUD, "http://relay.example.test:8000/v1", "https://RELAY.example.test./other"]
)
def test_the_clouds_server_is_not_a_local_one(tmp_path: Path, url: str) -> None:
    found = settings(url)
    with pytest.raises(SettingsError, match="code under NDA would leave"):
        opened(replace(found, cloud=replace(found.cloud, url=CLOUD)), tmp_path)


@pytest.mark.parametrize(
    ("local", "cloud"),
    [
        ("http://127.0.0.1:4000/v1", "http://127.0.0.1:4000/v1"),
        ("http://gpu.example.test/v1", CLOUD),
        ("http://gpu.example.test/v1", "no URL at all"),
    ],
)
def test_other_pairs_are_the_users_own_business(tmp_path: Path, local: str, cloud: str) -> None:
    found = settings(local)
    assert opened(replace(found, cloud=replace(found.cloud, url=cloud)), tmp_path)


FAR = ["http://203.0.113.7:8000/v1", "https://[2001:db8::7]/v1", "http://169.254.169.254/v1"]


@pytest.mark.parametrize("url", [*FAR, "http://100.64.1.1:8000/v1", "http://[::ffff:8.8.8.8]/v1"])
def test_an_address_that_is_not_of_the_teams_own_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"^local\.url leads to .*Code under NDA would leave"):
        opened(settings(url), tmp_path)


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("http://10.1.2.3:8000/v1", ()),
        ("http://[fd00::7]:8000/v1", ()),
        ("http://203.0.113.7:8000/v1", ("203.0.113.7",)),
        ("http://100.64.1.1:8000/v1", ("100.64.0.0/10",)),
    ],
)
def test_one_that_is_or_that_was_listed_is_not(
    tmp_path: Path, url: str, allow: tuple[str, ...]
) -> None:
    assert opened(settings(url, allow=allow), tmp_path)


async def test_nobody_stands_in_for_a_name_that_leads_elsewhere(
    tmp_path: Path, ready: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is a mistake, or an attack, and not a server that is down."""

    async def elsewhere(_backend: object, _host: str, *_: object, **__: object) -> None:
        raise LaneNotLocal("local.url leads to gpu.lan (203.0.113.7)")

    monkeypatch.setattr(Sockets, "connect_tcp", elsewhere)
    lane = opened(settings("http://gpu.lan:8000/v1"), tmp_path)
    with pytest.raises(LaneNotLocal):
        await lane.answering("Qwen3-Coder")
    assert ready == []
    await lane.aclose()


async def test_a_server_that_answered_is_kept_warm_with_nothing_of_the_users(
    tmp_path: Path,
) -> None:
    async with FakeServer(answer("hi"), answer("OK", finish="length")) as server:
        lane = opened(settings(server.url), tmp_path)
        assert not await lane.warm()
        assert (server.connections, lane.used_at) == (0, None), "nobody has asked there yet"
        found = await lane.answering("Qwen3-Coder")
        assert "".join([chunk.text async for chunk in found.lane.stream(REQUEST)]) == "hi"
        before = lane.used_at
        assert before is not None
        assert await lane.warm()
        assert (lane.used_at or 0) > before
        asked, kept = server.chats
        assert asked.body == REQUEST.body
        assert kept.json == {
            "model": MODEL,
            "messages": [{"role": "user", "content": "Say OK."}],
            "max_tokens": 1,
            "stream": True,
        }
        await lane.aclose()


async def test_keeping_warm_fails_without_a_word(tmp_path: Path, ready: list[str]) -> None:
    server = FakeServer(answer("hi"), refusal(500), answer("OK", finish="length"))
    async with server:
        lane = opened(settings(server.url), tmp_path)
        found = await lane.answering("Qwen3-Coder")
        assert "".join([chunk.text async for chunk in found.lane.stream(REQUEST)]) == "hi"
        used = lane.used_at
        assert not await lane.warm()
        assert lane.used_at == used
    assert not await lane.warm()
    assert not ready, "nobody stands in to keep a server warm"
    await lane.aclose()


async def test_neither_a_script_nor_the_embedded_model_is_kept_warm(
    tmp_path: Path, ready: list[str]
) -> None:
    (tmp_path / "replies.json").write_text('[{"reply": "x"}]', "utf-8")
    lane = opened(settings(f"scripted:{tmp_path}/replies.json"), tmp_path)
    await lane.answering("x")
    assert (await lane.warm(), lane.used_at) == (False, None)
    lane = opened(settings("http://127.0.0.1:9/v1"), tmp_path)
    assert (await lane.answering("x")).stand_in
    assert (await lane.warm(), lane.used_at) == (False, None)
    assert ready
