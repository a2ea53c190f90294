"""An answer that was cut at its token limit: the editor asks, and the action runs again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import DONE, Answer, FakeServer, answer, chunk, usage
from support_lsp import Editor, editing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from support_leaks import World

YES, NO = "Try again", "Leave it"
BUDGET = 300


def cut(tokens: int) -> Answer:
    """An answer that ends in the middle, as a server that counts it tells."""
    return Answer((chunk("Greet some"), chunk(finish="length"), usage(20, tokens), DONE))


@asynccontextmanager
async def desk(world: World, local: FakeServer, says: str | None) -> AsyncGenerator[Editor]:
    lane = {"url": local.url, "window": 2_048}
    actions = {"docstring": {"max_tokens": BUDGET}}
    async with editing(world.environ, world.root, says=says, local=lane, actions=actions) as editor:
        yield editor


async def run(editor: Editor, world: World) -> dict[str, Any]:
    file = world.nda
    uri, text = file.as_uri(), await asyncio.to_thread(file.read_text, "utf-8")
    editor.open(uri, "python", text)
    (action, *_) = await editor.labelled(uri, text.count("\n") - 1)
    return await editor.run(action)


async def test_the_action_runs_again_with_twice_as_much(world: World) -> None:
    with FakeServer(cut(BUDGET), answer("Greet somebody.")) as local:
        async with desk(world, local, YES) as editor:
            result = await run(editor, world)
            assert result["applied"]
            assert "Greet somebody." in editor.texts[world.nda.as_uri()]
            (asked,) = editor.questions
            assert asked.message == (
                "twolane: The answer was cut at 300 tokens. Try again with up to 600?"
            )
            assert [one.title for one in asked.actions or ()] == [YES, NO]
        assert [chat.json["max_tokens"] for chat in local.chats] == [300, 600]
        assert local.chats[0].json["messages"][-1] == local.chats[1].json["messages"][-1]


@pytest.mark.parametrize("says", [NO, None, "something else"])
async def test_without_a_yes_nothing_is_applied_and_nothing_sent(
    world: World, says: str | None
) -> None:
    with FakeServer(cut(BUDGET)) as local:
        async with desk(world, local, says) as editor:
            result = await run(editor, world)
            assert not result["applied"]
            assert "token limit of 300" in result["message"]
            assert editor.edits == []
        assert len(local.chats) == 1


async def test_the_window_ends_it_whoever_says_yes(world: World) -> None:
    cuts = [cut(BUDGET), cut(600), cut(1_200), cut(10_000)]
    with FakeServer(*cuts) as local:
        async with desk(world, local, YES) as editor:
            result = await run(editor, world)
            assert not result["applied"]
            assert "the local lane's window of 2,048 has no room" in result["message"]
        budgets = [chat.json["max_tokens"] for chat in local.chats]
        assert budgets[:3] == [300, 600, 1_200]
        assert len(budgets) <= 4
        assert budgets[-1] < 2_048
