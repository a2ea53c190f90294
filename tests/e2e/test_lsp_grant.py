"""The editor asks once whether a repository's open files may use the cloud lane."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from support_fake_server import FakeServer, answer
from support_leaks import MODEL, World, code
from support_lsp import Editor, config, initialize_params
from support_repository import put
from twolane_server.trust import revoke, standing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

YES, NO = "Allow it for this repository", "Keep it local"


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """Everything but a grant."""
    with FakeServer(answer("Greet ", "somebody."), models=(MODEL,)) as cloud:
        world = World(tmp_path, cloud, capfd)
        for name, value in world.variables.items():
            monkeypatch.setenv(name, value)
        revoke(world.root, world.folders)
        yield world
        world.check()


@asynccontextmanager
async def editing(world: World, says: str | None) -> AsyncGenerator[Editor]:
    editor = cast("Editor", await config(world.environ).start())
    editor.answer = says
    try:
        await editor.initialize_session(initialize_params(str(world.root), {}))
        yield editor
        await editor.shutdown_session()
    finally:
        await editor.end()


async def run(editor: Editor, file: Path, **more: str) -> str:
    uri, text = file.as_uri(), await asyncio.to_thread(file.read_text, "utf-8")
    if uri not in editor.texts:
        editor.open(uri, "python", text)
    (action, *_) = await editor.labelled(uri, text.count("\n") - 1)
    result = await editor.run(action, **more)
    await asyncio.sleep(0.3)  # the question comes beside the action
    if editor.edits:
        editor.undo()
    return str(result["decision"])


async def test_it_asks_in_plain_words_and_does_not_wait(world: World) -> None:
    async with editing(world, YES) as editor:
        first = await run(editor, world.tool)
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
        assert standing(world.root, world.folders).granted
        assert (await run(editor, world.tool)).startswith("cloud")
        assert (await run(editor, world.nda)).startswith("local: NDA")
        assert len(editor.questions) == 1
    assert len(world.chats) == 1


@pytest.mark.parametrize("says", [NO, None, "something else"])
async def test_whoever_does_not_allow_it_is_not_asked_again(world: World, says: str | None) -> None:
    for turn in range(2):
        async with editing(world, says) as editor:
            for _ in range(2):
                assert (await run(editor, world.tool)).startswith("local")
            assert len(editor.questions) == (turn == 0)
    assert not standing(world.root, world.folders).granted
    assert world.cloud.connections == 0


async def test_what_a_grant_would_not_help_is_not_asked(world: World) -> None:
    async with editing(world, YES) as editor:
        await run(editor, world.nda)
        await run(editor, world.tool, lane="local")
        put(world.root / "twolane.toml", "[nda")
        await run(editor, world.tool)
        (world.root / "twolane.toml").unlink()
        await run(editor, put(world.root / "other.py", code(world.open)))
        assert editor.questions == []
    assert world.cloud.connections == 0


async def test_another_policy_is_another_question(world: World) -> None:
    async with editing(world, NO) as editor:
        await run(editor, world.tool)
        put(world.root / "twolane.toml", '[nda]\npaths = ["clients/**"]\n')
        await run(editor, world.tool)
        assert len(editor.questions) == 2
