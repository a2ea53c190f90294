"""The real server process: it indexes in sight, and its prompts hold what the repository says now."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types

from support_fake_server import FakeServer, answer
from support_lsp import Editor, config, initialize_params
from support_repository import make_repository, put

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

TOOL = "from lib import fold\n\n\ndef tool(a):\n    return fold(a)\n"
LIB = "def fold(text):\n    return text.lower()\n"


class Desk:
    """A repository of many files, and a local lane that keeps what it is asked."""

    def __init__(self, top: Path) -> None:
        self.top, self.root = top, make_repository(top / "shop")
        self.tool, self.lib = put(self.root / "tool.py", TOOL), put(self.root / "lib.py", LIB)
        for number in range(200):
            put(self.root / "many" / f"m{number}.py", f"def f{number}(): ...\n")

    @asynccontextmanager
    async def editor(self, lane: FakeServer) -> AsyncGenerator[Editor]:
        names = {"CONFIG", "STATE", "CACHE"}
        own = {f"TWOLANE_{name}_DIR": str(self.top / name.lower()) for name in names}
        editor = cast("Editor", await config({"PATH": os.environ["PATH"], **own}).start())
        options: dict[str, object] = {"local": {"url": lane.url}, "embedded": {"enabled": False}}
        try:
            await editor.initialize_session(initialize_params(str(self.root), options))
            yield editor
            await editor.shutdown_session()
        finally:
            await editor.end()

    async def ask(self, editor: Editor, lane: FakeServer) -> str:
        """Run *Write docstring* and take it back; what the lane was asked."""
        (action, *_) = await editor.labelled(self.tool.as_uri(), 4)
        assert (await editor.run(action))["applied"] is True
        editor.undo()
        return lane.chats[-1].body.decode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def _indexed(editor: Editor) -> list[object]:
    """The progress of the first indexing, once it has ended."""
    for _ in range(3_000):
        for reports in editor.progress_reports.values():
            if reports and isinstance(reports[-1], types.WorkDoneProgressEnd):
                return list(reports)
        await asyncio.sleep(0.02)
    raise AssertionError("the repository was never indexed")


async def test_it_indexes_in_sight_and_then_has_a_map(desk: Desk) -> None:
    async with FakeServer(answer("Fold it.")) as lane, desk.editor(lane) as editor:
        editor.open(desk.tool.as_uri(), "python", TOOL)
        begin, *reports, _ = await _indexed(editor)
        assert isinstance(begin, types.WorkDoneProgressBegin)
        assert begin.title == "Indexing shop"
        last = reports[-1]
        assert isinstance(last, types.WorkDoneProgressReport)
        assert (last.message or "").endswith("100%")
        assert "lib.py, lines 1-2" in await desk.ask(editor, lane)
        for _ in range(100):  # the map is chosen after the first question that misses it
            asked = await desk.ask(editor, lane)
            if "lib.py\\n  def fold(text)" in asked:
                assert asked.index("Signatures by file") < asked.index("You write documentation")
                return
        raise AssertionError("there was never a map")


async def test_prompts_follow_unsaved_text_and_the_disk(desk: Desk) -> None:
    async with FakeServer(answer("Fold it.")) as lane, desk.editor(lane) as editor:
        uri = desk.lib.as_uri()
        editor.open(desk.tool.as_uri(), "python", TOOL)
        editor.open(uri, "python", LIB)
        assert "text.lower()" in await desk.ask(editor, lane)
        place = types.Position(1, 16)
        editor.replace(uri, types.Range(place, types.Position(1, 21)), "casefold")
        assert "text.casefold()" in await desk.ask(editor, lane)
        editor.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
        assert "text.lower()" in await desk.ask(editor, lane)
        put(desk.lib, LIB.replace("lower", "swapcase"))
        assert "text.swapcase()" in await desk.ask(editor, lane)


async def test_the_next_process_has_nothing_left_to_index(desk: Desk) -> None:
    titles: list[list[str]] = []
    # What changed a moment ago could change again without a trace, so no cache trusts it.
    await asyncio.sleep(2.1)
    for turn in range(2):
        async with FakeServer(answer("Fold it.")) as lane, desk.editor(lane) as editor:
            editor.open(desk.tool.as_uri(), "python", TOOL)
            if not turn:
                await _indexed(editor)
            await desk.ask(editor, lane)
            begun = [reports[0] for reports in editor.progress_reports.values() if reports]
        titles.append([r.title for r in begun if isinstance(r, types.WorkDoneProgressBegin)])
    assert titles == [["Indexing shop", "Write docstring"], ["Write docstring"]]
