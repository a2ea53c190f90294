"""The editor asks once whether a repository's open files may use the cloud lane."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from support_leaks import MODEL, World, code
from support_lsp import Editor, editing
from support_repository import put
from support_waiting import until
from twolane_server.rules.trust import revoke, standing

if TYPE_CHECKING:
    from pathlib import Path

YES, NO = "Allow it for this repository", "Keep it local"


@pytest.fixture
def ungranted(world: World) -> World:
    """Everything but a grant."""
    revoke(world.root, world.folders)
    return world


async def run(editor: Editor, file: Path, *, asked: int = 0, **more: str) -> str:
    """Run an action, and wait until so many questions came in all."""
    uri, text = file.as_uri(), await asyncio.to_thread(file.read_text, "utf-8")
    if uri not in editor.texts:
        editor.open(uri, "python", text)
    (action, *_) = await editor.labelled(uri, text.count("\n") - 1)
    result = await editor.decided(action, **more)
    await asyncio.sleep(0.3)  # a question that is one too many may come beside the action
    await until(lambda: len(editor.questions) >= asked)
    if editor.edits:
        editor.undo()
    return str(result["decision"])


async def test_it_asks_in_plain_words_and_does_not_wait(ungranted: World) -> None:
    world = ungranted
    async with editing(world.environ, world.root, says=YES) as editor:
        first = await run(editor, world.tool, asked=1)
        assert first.startswith("local: this repository may not use the cloud lane")
        assert world.cloud.connections == 0
        (asked,) = editor.questions
        assert [one.title for one in asked.actions or ()] == [YES, NO]
        for told in (
            f"May open code of {world.root.name} go to {MODEL} at {world.cloud.host}?",
            "tokens of tool.py",
            "Files under NDA (clients/**, société/, tariff.py) stay on the local lane",
            "twolane trust --revoke",
        ):
            assert told in asked.message
        await until(lambda: standing(world.root, world.folders).granted)
        assert (await run(editor, world.tool)).startswith("cloud")
        assert (await run(editor, world.nda)).startswith("local: NDA")
        assert len(editor.questions) == 1
    assert len(world.chats) == 1


@pytest.mark.parametrize("says", [NO, None, "something else"])
async def test_whoever_does_not_allow_it_is_not_asked_again(
    ungranted: World, says: str | None
) -> None:
    world = ungranted
    for turn in range(2):
        async with editing(world.environ, world.root, says=says) as editor:
            for _ in range(2):
                told = await run(editor, world.tool, asked=1 - turn)
                assert told.startswith("local")
            assert len(editor.questions) == (turn == 0)
    assert not standing(world.root, world.folders).granted
    assert world.cloud.connections == 0


async def test_what_a_grant_would_not_help_is_not_asked(ungranted: World) -> None:
    world = ungranted
    async with editing(world.environ, world.root, says=YES) as editor:
        await run(editor, world.nda)
        await run(editor, world.tool, lane="local")
        put(world.root / "twolane.toml", "[nda")
        await run(editor, world.tool)
        (world.root / "twolane.toml").unlink()
        await run(editor, put(world.root / "other.py", code(world.open)))
        assert editor.questions == []
    assert world.cloud.connections == 0


async def test_another_policy_is_another_question(ungranted: World) -> None:
    world = ungranted
    async with editing(world.environ, world.root, says=NO) as editor:
        await run(editor, world.tool, asked=1)
        put(world.root / "twolane.toml", '[nda]\npaths = ["clients/**"]\n')
        await run(editor, world.tool, asked=2)
        assert len(editor.questions) == 2
