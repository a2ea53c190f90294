"""What the engine finds in a repository, held against the border: retrieved pieces, map, callers.

Each NDA file here is one that the engine would show: on the local lane it does (else these tests
would prove nothing), and on the cloud lane there is no trace of its text, its name or its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_lsp import editing
from support_repository import put

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_leaks import World


def _definition(world: World) -> None:
    """L16, L18: a function that the selection calls, with its documentation."""
    put(world.nda, f'def price(a_{world.secret}):\n    """{world.secret}"""\n')
    put(world.root / "clients" / "__init__.py", "from clients.acme import price\n")
    put(world.tool, "from clients import price\n\n\ndef tool(a):\n    return price(a)\n")


def _class(world: World) -> None:
    """L17, L29: a base class and the type of a parameter."""
    put(world.nda, f"class Account:\n    def total(self, {world.secret}=1): ...\n")
    put(
        world.tool,
        "from clients.acme import Account\n\n\n"
        "class Mine(Account):\n    def tool(self, other: Account):\n        return self.total() + other.total()\n",
    )


def _caller(world: World) -> None:
    """L16: a function that calls the selection."""
    put(world.nda, f"from tool import tool\n\n\ndef f_{world.secret}():\n    return tool(1)\n")
    put(world.tool, "def tool(a):\n    return a\n")


def _name(world: World) -> None:
    """L28: a file whose name and folder tell."""
    put(world.root / "clients" / world.secret / f"{world.secret}.py", "def price(a): ...\n")
    put(world.root / "clients" / "__init__.py", f"from clients.{world.secret} import price\n")
    put(
        world.root / "clients" / world.secret / "__init__.py",
        f"from .{world.secret} import price\n",
    )
    put(world.tool, "from clients import price\n\n\ndef tool(a):\n    return price(a)\n")


def _lexical(world: World) -> None:
    """L16: a method that is only guessed by its name."""
    put(world.nda, f"class A:\n    def settle_up(self, {world.secret}): ...\n")
    put(world.tool, "def tool(a):\n    return a.settle_up(1)\n")


CASES = [_definition, _class, _caller, _name, _lexical]


def _place(world: World) -> str:
    lines = world.tool.read_text("utf-8").splitlines()
    return f"{world.tool}:{len(lines)}"


def _shown(world: World) -> list[str]:
    done = world.run("route", "docstring", _place(world), "--lane", "local", "--json")
    paths = [fragment["path"] for fragment in done.json["fragments"]]
    return [path for path in paths if "/clients/" in path]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_command_line_takes_nothing_of_it_along(
    world: World, case: Callable[[World], None]
) -> None:
    case(world)
    assert _shown(world), "on the local lane it takes part"
    for turn in range(2):  # without an index, and with all facts and a map
        done = world.run("do", "docstring", _place(world), "--json")
        assert done.json["decision"]["lane"] == "cloud"
        assert len(world.chats) == turn + 1
        assert world.run("index").status == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_editor_takes_nothing_of_it_along(
    world: World, case: Callable[[World], None]
) -> None:
    case(world)
    async with editing(world.environ, world.root) as editor:
        uri, text = world.tool.as_uri(), world.tool.read_text("utf-8")
        # The NDA file is open, too, with more in it than on disk.
        if world.nda.exists():
            unsaved = f"{world.nda.read_text('utf-8')}\n\ndef unsaved_{world.secret}(): ...\n"
            editor.open(world.nda.as_uri(), "python", unsaved)
        editor.open(uri, "python", text)
        for _ in range(2):
            actions = await editor.labelled(uri, text.count("\n") - 1)
            told = str((await editor.decided(actions[0]))["decision"])
            editor.undo()
            assert told.startswith("cloud")
    assert len(world.chats) == 2


def test_a_repository_without_nda_code_gives_the_same_answers(world: World) -> None:
    """What does not exist for the cloud has no say either: not in ranking, not in the budget."""
    _definition(world)
    _caller(world)
    put(world.root / "lib.py", "def helper(a): ...\n")
    put(world.tool, "from lib import helper\n\n\ndef tool(a):\n    return helper(a)\n")
    words = ("context", "--json", "--audience", "cloud", "--repo", str(world.root))
    with_them = world.run(*words, "tool.py:5").out
    for file in [*(world.root / "clients").rglob("*.py")]:
        file.unlink()
    assert "def helper" in with_them
    assert world.run(*words, "tool.py:5").out == with_them


def test_a_value_that_a_checker_tells_of_a_constant_stays_local(world: World) -> None:
    """L19: it stands in no line that is open."""
    put(world.nda, f"LIMIT = 47_110_815  # {world.secret}\n")
    put(world.tool, "from clients.acme import LIMIT\n\n\ndef tool(a):\n    x: str = LIMIT\n")
    words = ("fix", f"{world.tool}:5", "--json", "--lane", "cloud", "--instruction")
    for told, lane in (("47110815", "local"), ("1024", "cloud")):
        said = f'"Literal[{told}]" is not assignable to "str"'
        assert world.run("route", *words, said).json["lane"] == lane
        world.run("do", *words, said)
    assert len(world.chats) == 1
