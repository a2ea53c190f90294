"""The label follows the bytes: NDA code that was pasted, copied or moved is known again."""

from __future__ import annotations

import asyncio
import textwrap
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types

from support_leaks import tariff
from support_lsp import Editor, editing
from support_repository import make_repository, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_leaks import World

OPEN = "def tool(a):\n    return a\n"


@pytest.fixture(autouse=True)
def sources(world: World) -> None:
    """NDA code of ten lines, and open code that has nothing to do with it."""
    put(world.nda, tariff(world.secret))
    put(world.tool, OPEN)


def _as_it_is(text: str) -> str:
    return text


def _in_a_class(text: str) -> str:
    return "class A:\n" + textwrap.indent(text, "    ")


def _in_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _half(text: str) -> str:
    return "def half(account, volume, base):\n" + "".join(text.splitlines(keepends=True)[2:7])


def _in_a_comment(text: str) -> str:
    return "def f(a):\n" + textwrap.indent(text, "    # ") + "    return a\n"


@pytest.mark.parametrize(
    "form",
    [_as_it_is, _in_a_class, _in_crlf, _half, _in_a_comment],
    ids=lambda form: form.__name__,
)
def test_a_copy_in_an_open_file_stays_local(world: World, form: Callable[[str], str]) -> None:
    """L8, L15, L27: whatever the copy looks like."""
    copy = put(world.root / "copy.py", form(tariff(world.secret)))
    for lane in ("auto", "cloud"):
        done = world.docstring(copy, "--lane", lane)
        assert done.json["decision"]["lane"] == "local"
        assert "clients/acme.py" in str(done.json["decision"]["reasons"])
    assert world.cloud.connections == 0
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"


def test_what_is_moved_to_an_open_place_stays_nda(world: World) -> None:
    """L7, L51: also in a process that never saw the old file, and when the index was thrown away."""
    assert world.docstring(world.tool).json["decision"]["lane"] == "cloud"
    moved = world.root / "moved.py"
    world.nda.rename(moved)
    assert world.docstring(moved, "--lane", "cloud").json["decision"]["lane"] == "local"
    for file in (world.folders.cache / "index").glob("*.sqlite*"):
        file.unlink()
    assert world.docstring(moved, "--lane", "cloud").json["decision"]["lane"] == "local"
    assert len(world.chats) == 1


def test_code_of_another_repository_is_known_here(world: World) -> None:
    """L11: that one has no grant, and need not be open."""
    other = make_repository(world.top / "other", None)
    put(other / "secret.py", tariff(world.secret))
    put(world.nda, "x = 1\n")
    assert world.run("index", "--repo", str(other)).status == 0
    copy = put(world.root / "copy.py", tariff(world.secret))
    done = world.docstring(copy, "--lane", "cloud")
    assert done.json["decision"]["lane"] == "local"
    assert "other/secret.py" in str(done.json["decision"]["reasons"])


def test_an_instruction_that_quotes_nda_code_stays_local(world: World) -> None:
    """L22, L31, L38: text that no file holds."""
    words = ("--lane", "cloud", "--json", "--instruction", f"like this:\n{tariff(world.secret)}")
    for command in ("route", "do"):
        done = world.run(command, "rewrite", f"{world.tool}:1-2", *words)
        if command == "route":
            assert done.json["lane"] == "local"
            assert "clients/acme.py" in str(done.json["reasons"])
    assert world.cloud.connections == 0


def test_a_piece_of_an_open_file_that_holds_nda_code_is_left_out(world: World) -> None:
    """L16: the rest of the prompt may go."""
    put(world.root / "lib.py", f"{tariff(world.secret)}\n\ndef helper(a):\n    return a\n")
    put(
        world.tool,
        "from lib import helper, tariff_for\n\n\n"
        "def tool(a):\n    return helper(tariff_for(a, 1))\n",
    )
    done = world.docstring(world.tool, line=5)
    assert done.json["decision"]["lane"] == "cloud"
    assert "def helper" in world.chats[-1].body.decode()


async def test_a_buffer_into_which_it_is_pasted_becomes_nda_and_stays_it(world: World) -> None:
    """L13, L15, L26"""
    async with editing(world.environ, world.root) as editor:
        uri = world.tool.as_uri()
        editor.open(uri, "python", OPEN)
        assert (await _decision(editor, uri)).startswith("cloud")
        end = types.Position(2, 0)
        editor.replace(uri, types.Range(end, end), "\n\n" + tariff(world.secret))
        title = await _told(editor, uri)
        assert title.startswith("Write docstring  [local: NDA code pasted into it on")
        assert "(twolane label --open)]" in title
        told = world.run("label", "--json", world.tool).json
        assert told["label"] == "NDA"
        pasted = tariff(world.secret).count("\n") + 4
        editor.replace(uri, types.Range(end, types.Position(pasted, 0)), "")
        assert editor.texts[uri] == OPEN
        assert (await _decision(editor, uri)).startswith("local: NDA (code pasted into it on")


async def _decision(editor: Editor, uri: str) -> str:
    (action, *_) = await editor.labelled(uri, 1)
    result = await editor.decided(action, lane="cloud")
    editor.undo()
    return str(result["decision"])


async def _told(editor: Editor, uri: str) -> str:
    """The menu's title once it says so for all processes: labels are read again after two seconds."""
    for _ in range(600):
        (action, *_) = await editor.labelled(uri, 1)
        if "NDA code pasted into it" in action.title:
            return action.title
        await asyncio.sleep(0.1)
    raise AssertionError("the menu never said so")
