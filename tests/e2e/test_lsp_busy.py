"""The local lane's server is busy: NDA work is told its place, open work is offered the cloud."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support_fake_server import Answer, FakeServer, answer, chunk
from support_leaks import code
from support_lsp import Editor, editing
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from support_leaks import World

CLOUD, HERE = "Send it to the cloud", "Wait here"
BUSY = Answer((b"vllm:num_requests_waiting 3.0\n",), content_type="text/plain")
IDLE = Answer((b"vllm:num_requests_waiting 0.0\n",), content_type="text/plain")
QUEUED = Answer((1.0, *answer("Greet somebody.").pieces))


@asynccontextmanager
async def desk(world: World, local: FakeServer, says: str | None) -> AsyncGenerator[Editor]:
    lane = {"url": local.url}
    async with editing(world.environ, world.root, says=says, local=lane) as editor:
        await run(editor, world.nda, "docstring")  # so that something is known of the lane
        yield editor


async def run(editor: Editor, file: Path, action: str, shown: str | None = None) -> dict[str, Any]:
    """Run an action on the second line, or on all of the file with an instruction."""
    uri, text = file.as_uri(), await asyncio.to_thread(file.read_text, "utf-8")
    if uri not in editor.texts:
        editor.open(uri, "python", text)
    await editor.labelled(uri, 1)
    lines = (0, text.count("\n")) if action == "rewrite" else (1, 1)
    start, end = ({"line": line, "character": 0} for line in lines)
    wanted = {"action": action, "uri": uri, "range": {"start": start, "end": end}}
    if action == "rewrite":
        wanted["instruction"] = "tidy up"
    if shown is not None:
        editor.progress_reports[shown] = []
    result = await editor.command("twolane.run", [wanted], shown)
    if editor.edits:
        editor.undo()
    return result


def long(mark: str) -> str:
    return code(mark) + "".join(f"VALUE_{number} = {number}\n" for number in range(1_500))


async def test_nda_work_is_told_its_place_and_nothing_else(world: World) -> None:
    with FakeServer(answer("Greet somebody."), QUEUED, metrics=BUSY) as local:
        async with desk(world, local, CLOUD) as editor:
            result = await run(editor, world.nda, "docstring", shown="t")
            assert result["decision"].startswith("local: NDA")
            said = [getattr(each, "message", "") for each in editor.progress_reports["t"]]
            assert f"3 requests are before yours at {local.host}" in said
            assert editor.questions == []
    assert world.cloud.connections == 0


@pytest.mark.parametrize("says", [HERE, None])
async def test_open_work_is_asked_about_and_waits_meanwhile(world: World, says: str | None) -> None:
    with FakeServer(answer("Greet somebody."), QUEUED, metrics=BUSY) as local:
        file = put(world.root / "long.py", long(world.open))
        async with desk(world, local, says) as editor:
            await run(editor, file, "rewrite")
            (asked,) = editor.questions
            assert asked.message.startswith(
                f"twolane: 3 requests wait at {local.host}. This code is open: send it to"
            )
            assert [each.title for each in asked.actions or ()] == [CLOUD, HERE]
        assert len(local.chats) == 2
    assert world.cloud.chats == []


async def test_a_yes_takes_the_cloud_and_gives_up_the_place(world: World) -> None:
    forever = Answer((60.0, chunk("never")))
    with FakeServer(answer("Greet somebody."), forever, metrics=BUSY) as local:
        file = put(world.root / "long.py", long(world.open))
        async with desk(world, local, CLOUD) as editor:
            await run(editor, file, "rewrite")
            assert len(editor.questions) == 1
            # A yes may come before the request was even sent.
            assert len(local.chats) == 1 or local.until_blocking(lambda local: local.broken_off)
    assert len(world.cloud.chats) == 1
    assert world.open.encode() in world.cloud.chats[0].body


async def test_nobody_is_asked_while_nobody_waits(world: World) -> None:
    with FakeServer(answer("Greet somebody."), metrics=IDLE) as local:
        file = put(world.root / "long.py", long(world.open))
        async with desk(world, local, CLOUD) as editor:
            await run(editor, file, "rewrite")
            assert editor.questions == []
    assert world.cloud.chats == []
