"""From ranked definitions to pieces within a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_index import index_of
from twolane_context.pack import Piece, pack
from twolane_context.question import Tier
from twolane_context.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = """\
@wrap
def short(a,
          b):
    return a

def long(a):
    x = 1
    x = 2
    x = 3
    x = 4
    return x

class Small:
    x = 1

    def f(self):
        pass
"""
LONG = "class Long:\n    x = 1\n\n    def f(self):\n        pass\n\n    def g(self):\n" + (
    "        pass\n" * 80
)
TEXTS = {"a.py": SOURCE, "b.py": LONG}
INDEX = index_of(TEXTS)


def count(text: str) -> int:
    """Ten tokens a line."""
    return 10 * text.count("\n")


def candidates(*names: str, tier: Tier = Tier.RESOLVED) -> dict[Target, Tier]:
    return {
        Target(file, at): tier
        for name in names
        for file in INDEX.files.values()
        for at in file.named(name)
        if file.outline.symbols[at].parent < 0
    }


def packed(chosen: Mapping[Target, Tier], budget: int) -> list[Piece]:
    return pack(chosen, budget, count, lambda path: TEXTS[path].split("\n"))


def check(budget: int, *expected: tuple[int, int], names: str = "short long Small") -> None:
    """Each piece by its first and last line."""
    found = packed(candidates(*names.split()), budget)
    assert [(piece.start_line, piece.end_line) for piece in found] == list(expected)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (0, []),
        (20, [(6, 6), (13, 13)]),
        (30, [(6, 6), (13, 13)]),
        (50, [(1, 3), (6, 6), (13, 13)]),
        (60, [(1, 4), (6, 6), (13, 13)]),
        (90, [(1, 4), (6, 6), (13, 13)]),
        (100, [(1, 4), (6, 6), (13, 17)]),
        (990, [(1, 4), (6, 11), (13, 17)]),
    ],
)
def test_signatures_first_then_the_shortest_bodies(
    budget: int, expected: list[tuple[int, int]]
) -> None:
    check(budget, *expected)


def test_what_stands_in_the_file_asked_about_comes_after_what_stands_elsewhere() -> None:
    def shown(budget: int, home: str) -> list[tuple[str, int, int]]:
        chosen = candidates("Long", "long", "Small")
        found = pack(chosen, budget, count, lambda path: TEXTS[path].split("\n"), {home})
        return [(piece.path, piece.start_line, piece.end_line) for piece in found]

    assert shown(10, "a.py") == [("b.py", 1, 1)]
    assert shown(10, "b.py") == [("a.py", 6, 6)]
    heads_and_opening = [("b.py", 1, 5), ("a.py", 6, 6), ("a.py", 13, 13)]
    assert shown(80, "a.py") == heads_and_opening
    assert shown(80, "b.py") == [("b.py", 1, 1), ("a.py", 6, 6), ("a.py", 13, 17)]


def test_a_long_class_is_shown_up_to_its_first_members() -> None:
    check(500, (1, 5), names="Long")
    check(990, (1, 87), names="Long")


def test_callers_come_last_and_by_their_signature() -> None:
    both = candidates("long") | candidates("short", tier=Tier.CALLER)
    assert [(one.start_line, one.end_line) for one in packed(both, 80)] == [(6, 11)]
    assert [(one.start_line, one.end_line) for one in packed(both, 90)] == [(6, 11), (1, 3)]


@given(st.permutations(["short", "long", "Small", "Long"]), st.integers(0, 1_200))
def test_budgets_hold_and_pieces_are_what_they_say(names: list[str], budget: int) -> None:
    chosen = candidates(*names)
    pieces = packed(chosen, budget)
    assert sum(piece.tokens for piece in pieces) <= budget
    for piece in pieces:
        lines = TEXTS[piece.path].split("\n")[piece.start_line - 1 : piece.end_line]
        assert piece.text == "\n".join([*lines, ""])
        assert piece.tokens == count(piece.text)
        ends = {(one.start + 1, one.end + 1) for one in INDEX.files[piece.path].outline.symbols}
        heads = {(one.start + 1, one.head + 1) for one in INDEX.files[piece.path].outline.symbols}
        assert (piece.start_line, piece.end_line) in ends | heads | {(1, 5)}
    order = [(one.file.path, one.file.outline.symbols[one.at].start + 1) for one in chosen]
    assert [(piece.path, piece.start_line) for piece in pieces] == [
        one for one in order if one in {(piece.path, piece.start_line) for piece in pieces}
    ]
