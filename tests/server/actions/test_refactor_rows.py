"""Which rows a model is shown together."""

from __future__ import annotations

import pytest

from twolane_context.languages import language_for
from twolane_context.spans import Span
from twolane_context.trees import parse
from twolane_server.actions.refactor_rows import (
    commented_from,
    statement,
    told_apart,
    whole_at_top,
)
from twolane_server.text import Text


@pytest.mark.parametrize(
    ("above", "taken"),
    [
        ("x = 1\n\n", 0),
        ("x = 1\n# two\n# rows\n", 2),
        ("let x;\n\n/**\n * A box.\n */\n", 3),
        ("let x;\n/*\nA box.\n*/\n", 3),
        ("let x; /* one */\n", 0),
        ("/// A box.\n//! Here.\n", 2),
        ("# far\n\n", 0),
    ],
)
def test_comments_right_above_a_definition_belong_to_it(above: str, taken: int) -> None:
    lines = f"{above}def f():\n".splitlines(keepends=True)
    row = len(lines) - 1
    assert commented_from(lines, row) == row - taken


CALL = "function f() {\n  a();\n  return each(x, (one) => {\n    go(one);\n    stay();\n  });\n}\n"


@pytest.mark.parametrize(
    ("name", "rows"), [("each", (2, 6)), ("go", (3, 4)), ("a", (1, 2)), ("function", (0, 7))]
)
def test_a_statement_is_shown_with_all_of_its_lines(name: str, rows: tuple[int, int]) -> None:
    language = language_for("a.ts")
    assert language is not None
    at = CALL.index(name)
    assert statement(Text.of(CALL), parse(language, CALL.encode()), at) == rows


def test_of_a_long_statement_only_the_place_is_shown() -> None:
    source = "if go():\n" + "    stay()\n" * 100
    language = language_for("a.py")
    assert language is not None
    assert statement(Text.of(source), parse(language, source.encode()), 3) == (0, 1)


def test_an_import_is_shown_with_the_try_around_it() -> None:
    source = "x = 1\ntry:\n    import a\nexcept ImportError:\n    a = None\n\nimport b\n"
    language = language_for("a.py")
    assert language is not None
    tree, text = parse(language, source.encode()), Text.of(source)
    for word, rows in (("import a", (1, 5)), ("import b", (6, 7))):
        at = source.index(word)
        assert whole_at_top(text, tree, Span(at, at + len(word))) == rows


def test_what_stands_twice_is_shown_with_what_tells_the_two_apart() -> None:
    twice = [f"line {n}\n" for n in range(12)]
    lines = ["class A:\n", *twice, "class B:\n", *twice]
    assert [*told_apart(lines, [(5, 8), (0, 2), (18, 21)])] == [(0, 16), (0, 2), (10, 26)]
    # What is the same all over cannot be told apart, and is not shown whole for that.
    ((first, end),) = told_apart(["x\n"] * 1_000, [(500, 501)])
    assert 0 < first < 500 < end < 1_000
