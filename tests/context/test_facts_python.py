from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from support_sources import Shown, parsed, shown
from twolane_context import captures
from twolane_context.facts import extract

STATEMENTS = """\
if a:
    HERE
elif b:
    HERE
else:
    HERE
for a in b:
    HERE
else:
    HERE
while a:
    HERE
else:
    HERE
with a as b:
    HERE
try:
    HERE
except A as b:
    HERE
except:
    HERE
else:
    HERE
finally:
    HERE
try:
    HERE
except* A:
    HERE
match a:
    case 1:
        HERE
    case _:
        HERE
@a
class B:
    HERE
def f(self):
    HERE
@a
async def g(self):
    async for a in b:
        HERE
    async with a:
        HERE
"""


def test_functions_classes_and_what_is_in_them() -> None:
    source = '''\
"""The module's own, which belongs to no definition."""

class A[T](Base, metaclass=M):
    """Doc."""

    x: int = 1

    @property
    @other(1)
    # why
    async def é(self) -> int:
        # first
        r"""Raw doc."""
        def inner(y): return y

        return inner(1)

    if x:
        def g(self): "one line"

def f(
    a: int,  # 😀
    *b: str,
) -> None:
    pass

type Pair[T] = tuple[T, T]
'''
    assert shown("a.py", source) == [
        Shown("class", "A", "class A[T](Base, metaclass=M):", '"""Doc."""'),
        Shown(
            "method",
            "é",
            "@property\n    @other(1)\n    # why\n    async def é(self) -> int:",
            'r"""Raw doc."""',
            "A",
        ),
        Shown("function", "inner", "def inner(y):", None, "é"),
        Shown("method", "g", "def g(self):", '"one line"', "A"),
        Shown("function", "f", "def f(\n    a: int,  # 😀\n    *b: str,\n) -> None:"),
        Shown("type", "Pair", "type Pair[T] = tuple[T, T]"),
    ]


def test_overloads_are_definitions_each() -> None:
    source = "@overload\ndef f(a: int) -> int: ...\n@overload\ndef f(a: str) -> str: ...\n"
    assert [(one.name, one.signature) for one in shown("a.py", source)] == [
        ("f", "@overload\ndef f(a: int) -> int:"),
        ("f", "@overload\ndef f(a: str) -> str:"),
    ]


def test_local_variables_and_lambdas_are_no_definitions() -> None:
    assert shown("a.py", "x = 1\nf = lambda y: y\nfor z in f: pass\n") == []


def test_broken_code_gives_what_is_there() -> None:
    source = "def a(): pass\n\ndef b(:\n    pass\n\nclass C:\n    def d(self):\n"
    assert [(one.kind, one.name) for one in shown("a.py", source)] == [
        ("function", "a"),
        ("function", "b"),
        ("class", "C"),
        ("method", "d"),
    ]


def _filled(frame: str, inner: str) -> str:
    return re.sub(r"(?m)^( *)HERE", lambda place: textwrap.indent(inner, place[1]), frame)


@pytest.mark.parametrize(
    "inner", ["def F(): pass", "@a\nclass F: pass", "self.F = 1", "a = self.F = 1", "import F"]
)
@pytest.mark.parametrize("again", [1, 2])
def test_facts_are_found_within_every_statement(inner: str, again: int) -> None:
    body = inner
    for _ in range(again):
        body = _filled(STATEMENTS, body)
    source = _filled("class A:\n  def f(self):\n    HERE\n", body)
    ast.parse(source)
    facts = extract(parsed("a.py", source))
    names = [one.name for one in facts.symbols]
    names += [name for one in facts.imports for name in one.names]
    assert names.count("F") == source.count("F")


def test_going_by_blocks_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    house = Path(__file__).parents[2]
    trees = [parsed("a.py", file.read_bytes()) for file in sorted(house.glob("*/*/*.py"))]
    assert len(trees) > 100
    found = [extract(tree) for tree in trees]

    def never(_: object) -> bool:
        return False

    monkeypatch.setattr(captures, "_names_blocks", never)
    assert found == [extract(tree) for tree in trees]
