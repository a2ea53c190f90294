"""Tests that were made of code under NDA stay NDA, though where they lie everything is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_leaks import REPLY, traces
from support_lsp import editing
from support_repository import put

if TYPE_CHECKING:
    from support_leaks import World

PRICE = "def price(a):\n    return a * 3\n"
BEFORE = "from tool import tool\n\n\ndef test_tool():\n    assert tool\n"


@pytest.fixture(autouse=True)
def code(world: World) -> None:
    """Code too short to be known again, and a model that makes a test of it."""
    put(world.nda, PRICE)
    put(world.root / "tests" / "test_tool.py", BEFORE)
    made = (
        f"from clients.acme import price\n\n\ndef test_{world.secret}():\n    assert price(1) == 3"
    )
    world.script({"match": "You write tests", "reply": f"```python\n{made}\n```"}, {"reply": REPLY})


def _made(world: World) -> str:
    return (world.root / "tests" / "test_acme.py").read_text("utf-8")


def _is_nda(world: World, name: str = "test_acme.py", line: int = 4) -> bool:
    test = world.root / "tests" / name
    told = world.run("label", "--json", test).json
    asked = ("docstring", f"{test}:{line}", "--lane", "cloud", "--json")
    lane = world.run("route", *asked).json["lane"]
    world.run("do", *asked)
    assert (told["label"], lane) in {("NDA", "local"), ("OPEN", "cloud")}
    return told["label"] == "NDA"


def test_they_stay_nda_until_their_owner_opens_them(world: World) -> None:
    """L27"""
    assert world.run("do", "tests", f"{world.nda}:1", "--apply", "--json").status == 0
    assert world.secret in _made(world)
    assert _is_nda(world)
    test = world.root / "tests" / "test_acme.py"
    reasons = world.run("label", "--json", test).json["reasons"]
    assert "made of code under NDA on" in str(reasons)
    assert not _is_nda(world, "test_tool.py")
    assert traces(bytes(world.cloud.received), world.secret) == []
    assert world.run("label", "--open", "--yes", test).status == 0
    put(test, _made(world).replace(world.secret, "price"))
    assert not _is_nda(world)


def test_what_is_only_shown_counts_where_there_is_no_such_file_yet(world: World) -> None:
    """`git apply` may write it."""
    assert world.run("do", "tests", f"{world.nda}:1", "--json").status == 0
    put(world.root / "tests" / "test_acme.py", PRICE.replace("price", f"test_{world.secret}"))
    assert _is_nda(world, line=1)


def test_a_file_of_tests_stays_open_that_was_not_written(world: World) -> None:
    test = put(world.root / "tests" / "test_acme.py", BEFORE)
    assert world.run("do", "tests", f"{world.nda}:1", "--json").status == 0
    assert not _is_nda(world)
    assert world.run("do", "tests", f"{world.nda}:1", "--apply", "--json").status == 0
    assert world.secret in test.read_text("utf-8")
    assert _is_nda(world, line=5)


def test_tests_of_open_code_are_open(world: World) -> None:
    (world.root / "tests" / "test_tool.py").unlink()
    words = ("--lane", "local", "--apply", "--json")
    world.script({"reply": f"```python\n{BEFORE}```"})
    assert world.run("do", "tests", f"{world.tool}:1", *words).status == 0
    assert not _is_nda(world, "test_tool.py")


async def test_they_stay_nda_in_the_editor_that_made_them(world: World) -> None:
    """Also before they are saved."""
    async with editing(world.environ, world.root) as editor:
        editor.answer = "Apply"
        uri, test = world.nda.as_uri(), (world.root / "tests" / "test_acme.py").as_uri()
        editor.open(uri, "python", PRICE)
        offered = await editor.labelled(uri, 0)
        action = next(one for one in offered if one.title.startswith("Generate tests"))
        assert (await editor.run(action))["applied"] is True
        editor.open(test, "python", editor.texts[test])
        assert world.secret in editor.texts[test]
        (docstring, *_) = await editor.labelled(test, 3)
        told = str((await editor.decided(docstring, lane="cloud"))["decision"])
        assert told.startswith("local: NDA (made of code under NDA on")
        assert world.cloud.connections == 0
