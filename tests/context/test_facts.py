"""What holds for every language: see test_facts_*.py for each of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import DEEP, SOURCES, check, cut, parsed, shown
from twolane_context.facts import Facts, extract
from twolane_context.spans import Span
from twolane_server.text import encode

WIDE = {"a.py": "'é 😀'\n", "a.lua": "--[[ é 😀 ]]"}


@pytest.mark.parametrize("path", sorted(SOURCES))
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "\n", "/* é 😀 */", "\ufeff"])
def test_line_ends_and_wide_characters_move_nothing(path: str, end: str, before: str) -> None:
    source = SOURCES[path]
    before = before.replace("/* é 😀 */", WIDE.get(path, "/* é 😀 */"))
    plain = shown(path, source)
    assert plain
    moved = shown(path, before + source.replace("\n", end))
    assert [replace(one, signature=one.signature.replace(end, "\n")) for one in moved] == plain


@pytest.mark.parametrize("path", sorted(SOURCES))
@pytest.mark.parametrize("source", ["", "\n", "\r", "\ufeff", "\x00", "é", "\ud83d"])
def test_a_file_without_code_has_no_facts(path: str, source: str) -> None:
    assert extract(parsed(path, source)) == Facts()


@settings(max_examples=150)
@given(
    path=st.sampled_from(sorted(SOURCES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), st.binary(max_size=3))),
)
def test_broken_code_still_gives_sound_facts(
    path: str, cuts: list[tuple[float, int, bytes]]
) -> None:
    source = encode(SOURCES[path])
    for place, length, new in cuts:
        start = round(place * len(source))
        source = source[:start] + new + source[start + length :]
    tree = parsed(path, source)
    check(tree, extract(tree))


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_what_stands_before_broken_code_is_found(path: str) -> None:
    source = SOURCES[path]
    names = [one.name for one in shown(path, source)]
    assert [one.name for one in shown(path, source + "\n)]} 'x")][: len(names)] == names


@pytest.mark.parametrize("name", sorted(DEEP))
def test_depth_neither_crashes_nor_hangs(name: str) -> None:
    path, source = DEEP[name]
    tree = parsed(path, source)
    check(tree, extract(tree))


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_flood_of_tokens_hides_nothing_else(path: str) -> None:
    # A long run of punctuation makes the query look at each node by itself.
    source = SOURCES[path]
    flood = source + "\n'" + "-" * 6_000 + "'\n"
    found = [(one.name, one.doc) for one in shown(path, source)]
    assert [(one.name, one.doc) for one in shown(path, flood)] == found
    tree = parsed(path, flood)
    assert [one.names for one in extract(tree).imports] == [
        one.names for one in extract(parsed(path, source)).imports
    ]


def test_parents_are_found_whatever_stands_between() -> None:
    source = "class A:\n    if x:\n        class B:\n            def f(self): ...\n"
    assert [(one.name, one.parent) for one in shown("a.py", source)] == [
        ("A", None),
        ("B", "A"),
        ("f", "B"),
    ]


def test_the_body_has_its_braces_where_the_language_has_them() -> None:
    for path, source, body in (
        ("a.py", "def f(): # c\n    # d\n    return 1\n", "return 1"),
        ("a.rs", "fn f() -> i32 { 1 }", "{ 1 }"),
        ("a.ts", "const f = (x) => x + 1;", "x + 1"),
        ("a.go", "package m\ntype I interface { M() }", "{ M() }"),
        ("a.c", "#define A(x) \\\n  (x)\r\n", "(x)"),
        ("a.h", "struct A { int x; };", "{ int x; }"),
        ("a.java", "class A { }", "{ }"),
        ("a.lua", "function f(x) -- c\n  return x\nend", "return x"),
    ):
        tree = parsed(path, source)
        first = extract(tree).definitions[0]
        assert cut(tree, Span(first.body_start, first.body_end)) == body


def test_facts_of_a_tree_are_found_once() -> None:
    tree = parsed("a.py", SOURCES["a.py"])
    assert extract(tree) is extract(tree)
