"""The command `twolane.references` in the real server: positions in the editor's own units."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from support_lsp import Editor, editing
from support_repository import make_repository, put

if TYPE_CHECKING:
    from pathlib import Path

LIB = "é = '😀'; fold = len\r\n"
TOOL = "from lib import fold\n\n\ndef tool(a):\n    '😀'; return fold(a)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "r")
    put(root / "lib.py", LIB)
    put(root / "tool.py", TOOL)
    return root


def environ(root: Path) -> dict[str, str]:
    own = {f"TWOLANE_{n}_DIR": str(root.parent / n.lower()) for n in ("CONFIG", "STATE", "CACHE")}
    return {"PATH": os.environ["PATH"], **own}


async def ask(
    editor: Editor, uri: str, line: int, character: int
) -> set[tuple[str, int, int, int]]:
    """File, line, first and last column of each place."""
    argument = {"uri": uri, "position": {"line": line, "character": character}}
    found = cast("list[object]", await editor.command("twolane.references", [argument]))
    places: set[tuple[str, int, int, int]] = set()
    for one in cast("list[types.Location]", found):
        where = cast("dict[str, dict[str, dict[str, int]]]", one)
        start, end = where["range"]["start"], where["range"]["end"]
        assert start["line"] == end["line"]
        name = str(where["uri"]).rpartition("/")[2]
        places.add((name, start["line"], start["character"], end["character"]))
    return places


async def test_all_places_in_the_editors_units(root: Path) -> None:
    async with editing(environ(root), root) as editor:
        uri = (root / "tool.py").as_uri()
        editor.open(uri, "python", TOOL)
        everywhere = {("lib.py", 0, 10, 14), ("tool.py", 0, 16, 20), ("tool.py", 4, 17, 21)}
        assert await ask(editor, uri, 4, 18) == everywhere
        assert await ask(editor, uri, 0, 16) == everywhere
        assert await ask(editor, uri, 2, 0) == set()
        editor.replace(uri, types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")
        moved = {("lib.py", 0, 10, 14), ("tool.py", 1, 16, 20), ("tool.py", 5, 17, 21)}
        assert await ask(editor, uri, 5, 18) == moved, "unsaved text counts"


async def test_bad_input_is_a_sentence(root: Path) -> None:
    async with editing(environ(root), root) as editor:
        for argument in (None, {}, {"uri": "file:///x.py"}, {"uri": 1, "position": {"line": "x"}}):
            with pytest.raises(JsonRpcException, match="takes one object"):
                await editor.command("twolane.references", [argument])
        unopened = {"uri": "file:///x.py", "position": {"line": 0, "character": 0}}
        with pytest.raises(JsonRpcException, match="not open"):
            await editor.command("twolane.references", [unopened])
