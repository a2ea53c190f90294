"""The local lane's server is asked for its models again only where it may be another one by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_fake_server import MODEL, Answer, FakeServer, answer, refusal
from support_team import LOCALLY, asked, team
from twolane_server.errors import AnswerIncomplete, LaneError, LaneRejected, LaneUnreachable
from twolane_server.fragments import Label
from twolane_server.lanes import openai_chat, pool
from twolane_server.lanes.embedded import Embedded
from twolane_server.lanes.local import open_local
from twolane_server.lanes.swapped import asked as asked_for
from twolane_server.settings.resolved import Folders, LaneSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from support_team import Team
    from twolane_server.lanes.local import Answering

OTHER = "Qwen/Qwen3-Coder-Next"
NEVER = -1.0


def paths(server: FakeServer) -> list[str]:
    """What was asked for, but for the load, which is asked beside."""
    found = [request.path.rpartition("/")[2] for request in server.requests]
    return [path for path in found if path != "metrics"]


def models(server: FakeServer) -> list[str]:
    return [chat.json["model"] for chat in server.chats]


async def go(here: Team, label: Label = Label.NDA) -> str:
    return (await here.run(asked(label), LOCALLY)).text


async def test_a_server_that_just_answered_is_not_asked_again(tmp_path: Path) -> None:
    async with FakeServer(answer("hi")) as server, team(tmp_path, local=server) as here:
        for _ in range(3):
            assert await go(here) == "hi"
    assert paths(server) == ["models", *["completions"] * 3]


async def test_nor_is_it_to_count(tmp_path: Path) -> None:
    told = Answer((b'{"count": 9}',), content_type="application/json")
    async with FakeServer(tokenize=told) as server, team(tmp_path, local=server) as here:
        await go(here)
        assert await here.runner.count_local(asked(), here.settings) == 9
    assert paths(server) == ["models", "completions", "tokenize"]


async def test_another_server_on_the_port_is_asked(tmp_path: Path) -> None:
    """Its own connections tell: those to a process that ended are closed."""
    server = FakeServer(answer("hi"))
    async with server, team(tmp_path, local=server) as here:
        await go(here)
        await server.__aexit__()
        server.models = (OTHER,)
        await server.__aenter__()
        assert await go(here) == "hi"
    assert paths(server) == ["models", "completions"] * 2
    assert models(server) == [MODEL, OTHER]


@pytest.mark.parametrize(
    ("module", "limit"), [(pool, "_IDLE_SECONDS"), (openai_chat, "_LIST_FRESH_SECONDS")]
)
async def test_what_it_told_holds_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, limit: str
) -> None:
    monkeypatch.setattr(module, limit, NEVER)
    async with FakeServer(answer("hi")) as server, team(tmp_path, local=server) as here:
        for _ in range(2):
            await go(here)
    assert paths(server) == ["models", "completions"] * 2


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (refusal(500), LaneRejected),
        (answer("hi", tail=b"data: {\n\n"), AnswerIncomplete),
        (Answer((b"<html>",), content_type="text/html"), AnswerIncomplete),
        (Answer((b"data: [DONE]\n\n",)), AnswerIncomplete),
    ],
)
async def test_a_failure_ends_it(tmp_path: Path, wrong: Answer, kind: type[LaneError]) -> None:
    async with (
        FakeServer(answer("hi"), answer("hi"), wrong, answer("hi")) as server,
        team(tmp_path, local=server) as here,
    ):
        await go(here)
        await go(here)
        with pytest.raises(kind):
            await go(here)
        before = len(paths(server))
        assert await go(here) == "hi"
    assert paths(server)[before:] == ["models", "completions"]


async def test_behind_a_proxy_another_model_is_asked_at_once(tmp_path: Path) -> None:
    """The proxy's connection stays; the model's name, which nobody knows there, tells."""
    server = FakeServer(answer("old"), refusal(404), answer("new"))
    async with server, team(tmp_path, local=server) as here:
        assert await go(here) == "old"
        server.models = (OTHER,)
        assert await go(here) == "new"
        assert here.outcomes == [("local", "stop"), ("local", "LaneRejected"), ("local", "stop")]
    assert paths(server) == ["models", *["completions"] * 2, "models", "completions"]
    assert models(server) == [MODEL, MODEL, OTHER]


async def test_a_server_that_is_not_vllm_any_more_is_sent_no_salt(tmp_path: Path) -> None:
    server = FakeServer(answer("old"), refusal(400), answer("new"), version="0.32.0")
    async with server, team(tmp_path, local=server) as here:
        assert await go(here) == "old"
        server.version = None
        assert await go(here) == "new"
    assert ["cache_salt" in chat.json for chat in server.chats] == [True, True, False]


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 503])
async def test_the_same_server_is_not_sent_the_same_twice(tmp_path: Path, status: int) -> None:
    server = FakeServer(answer("hi"), refusal(status, retry_after="0"), answer("never"))
    async with server, team(tmp_path, local=server) as here:
        await go(here)
        with pytest.raises(LaneRejected, match=f"HTTP {status}"):
            await go(here)
        assert len(server.chats) == 2
    # Only what another server might say is a reason to ask who is there.
    assert paths(server).count("models") == (2 if status in {400, 404, 422} else 1)


async def test_a_server_that_is_gone_just_then_is_stood_in_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several requests may count on the one connection that is left: the others open their own."""

    async def resolve(self: Embedded, _model: str, /) -> str:
        return self.model

    monkeypatch.setattr(Embedded, "resolve", resolve)
    server = FakeServer(answer("hi"))
    met: list[Answering] = []

    async def ask(answering: Answering) -> None:
        met.append(answering)
        if answering.remembered:
            await server.__aexit__()
            raise LaneUnreachable("Nothing answers.")

    folders = Folders(config=tmp_path, state=tmp_path, cache=tmp_path)
    async with server:
        settings = Settings(local=LaneSettings(server.url, "Qwen3-Coder"))
        lane = open_local(settings, folders, {})
        await asked_for(lane, "Qwen3-Coder", ask)
        found = await asked_for(lane, "Qwen3-Coder", ask)
        await lane.aclose()
    assert [one.remembered for one in met] == [False, True, False]
    assert found.stand_in
    assert found.fault
