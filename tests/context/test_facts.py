"""What holds for every language: see test_facts_*.py for each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_sources import SOURCES, check, cut, parsed, shown
from twolane_context.captures import capture
from twolane_context.excerpt import excerpt
from twolane_context.facts import Facts, enclosing, extract
from twolane_context.spans import Span
from twolane_context.trees import parse_in_slices
from twolane_server.text import encode

if TYPE_CHECKING:
    from collections.abc import Generator

    from twolane_context.trees import Parsed

CURSOR = "‸"
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
    selection=st.tuples(st.integers(0, 300), st.integers(0, 300)),
)
def test_broken_code_still_gives_sound_facts(
    path: str, cuts: list[tuple[float, int, bytes]], selection: tuple[int, int]
) -> None:
    source = encode(SOURCES[path])
    for place, length, new in cuts:
        start = round(place * len(source))
        source = source[:start] + new + source[start + length :]
    tree = parsed(path, source)
    facts = extract(tree)
    check(tree, facts)
    found = excerpt(tree, facts, Span(*sorted(selection)))
    for spans in (found.imports, found.signatures):
        assert list(spans) == sorted(set(spans))
        assert not found.definition or not any(map(found.definition.span.contains, spans))


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_what_stands_before_broken_code_is_found(path: str) -> None:
    source = SOURCES[path]
    names = [one.name for one in shown(path, source)]
    assert [one.name for one in shown(path, source + "\n)]} 'x")][: len(names)] == names


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_tree_that_was_parsed_in_slices_gives_the_same_facts(path: str) -> None:
    # Its text is not tree-sitter's to ask for: that would end the process.
    whole = parsed(path, SOURCES[path])
    results: list[Parsed] = []

    def keep() -> Generator[None, None, None]:
        results.append((yield from parse_in_slices(whole.language, whole.source, None, 0.01)))

    assert list(keep()) in ([], [None])
    assert extract(results[0]) == extract(whole)


MANY = 100_000
# At each broken token, Lua's scanner looks for the end of a long string, up to the file's end
# (tree-sitter-lua 0.5): 100,000 take 26 s.
FEWER = {"a.lua": 10_000}


def brackets(many: int) -> dict[str, str]:
    return {
        "round": "x = " + "(" * many + ")" * many,
        "square, left open": "[" * many,
        "holes": "x = [" + "," * many + "]",
    }


NESTED = {
    "a.py": "def f():\n  " + "(" * MANY + "'a'" + ")" * MANY,
    "a.rs": "fn f() {" * MANY,
    "a.js": "function f() {" * MANY,
    "a.go": "func f() {" * MANY,
    "a.c": "int f() {" * MANY,
    "a.h": "template <class T> class A {" * MANY,
    "a.java": "class A {" * MANY,
    "a.lua": "function f() " * MANY,
}
DEEP = [(path, source) for path in SOURCES for source in brackets(FEWER.get(path, MANY)).values()]
DEEP_IDS = [f"{name} {path}" for path in SOURCES for name in brackets(1)]


@pytest.mark.parametrize(
    ("path", "source"), [*DEEP, *NESTED.items()], ids=[*DEEP_IDS, *(f"nested {x}" for x in NESTED)]
)
def test_depth_neither_crashes_nor_hangs(path: str, source: str) -> None:
    tree = parsed(path, source)
    facts = extract(tree)
    middle = Span(len(source) // 2, len(source) // 2)
    assert excerpt(tree, facts, middle).definition == enclosing(facts, middle)


@pytest.mark.parametrize("path", sorted(SOURCES))
def test_a_flood_of_tokens_hides_nothing_else(path: str) -> None:
    # A long run of punctuation makes the query look at each node by itself.
    source = SOURCES[path]
    flood = source + "\n'" + "-" * 6_000 + "'\n"
    names = [one.name for one in shown(path, source)]
    assert [one.name for one in shown(path, flood)] == names
    tree = parsed(path, flood)
    assert [one.names for one in extract(tree).imports] == [
        one.names for one in extract(parsed(path, source)).imports
    ]
    whole = capture(parsed(path, source))
    assert len(capture(tree).comments) == len(whole.comments)


def at(path: str, source: str) -> str | None:
    """The name of the definition around the one or two cursor marks."""
    parts = [encode(part) for part in source.split(CURSOR)]
    start = len(parts[0])
    end = start if len(parts) == 2 else start + len(parts[1])
    found = enclosing(extract(parsed(path, b"".join(parts))), Span(start, end))
    return found.name if found else None


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("a.py", "def f():\n    pa‸ss\n", "f"),
        ("a.py", "‸def f():\n    pass\n", "f"),
        ("a.py", "def f():\n    pass‸\n", "f"),
        ("a.py", "def f():\n    pass\n\n‸\n", None),
        ("a.py", "def f():\n    pass\n‸x = 1\n", None),
        ("a.py", "x‸ = 1\ndef f():\n    pass\n", None),
        ("a.py", "@a‸\n@b\ndef f():\n    pass\n", "f"),
        ("a.py", "class A:\n‸    def f(self):\n        pass\n", "f"),
        ("a.py", "class A:\n  ‸  def f(self):\n        pass\n", "f"),
        ("a.py", "class A:\n    x = 1‸\n    def f(self):\n        pass\n", "A"),
        ("a.py", "def f():\n    def g():\n        pa‸ss\n    return g\n", "g"),
        ("a.py", "def f():\n    def g():\n        pass\n    retu‸rn g\n", "f"),
        ("a.py", "class A:\n    def f(self):\n        ‸1\n\n    def g(self):\n        2‸\n", "A"),
        ("a.py", "def f():\n    ‸1\n\ndef g():\n    2‸\n", None),
        # Whole lines, as editors select them.
        ("a.py", "x = 1\n‸def f():\n    pass\n‸y = 2\n", "f"),
        ("a.py", "class A:\n‸    def f(self):\n        pass\n‸    y = 2\n", "f"),
        ("a.py", "x = 1\r\n‸def f():\r\n    pass\r\n‸y = 2\r\n", "f"),
        ("a.py", "'é😀'\ndef f():\n    'é‸😀'\n", "f"),
        ("a.py", "def broken(:\n    pa‸ss\n", "broken"),
        ("a.rs", "/// D‸oc.\n#[inline]\nfn f() {}\n", "f"),
        ("a.rs", "‸/// Doc.\nfn f() {}\n", "f"),
        ("a.rs", "/// Doc.\n#[in‸line]\nfn f() {}\n", "f"),
        ("a.rs", "//‸ No doc.\nfn f() {}\n", None),
        ("a.rs", "fn f() {}‸fn g() {}\n", "g"),
        ("a.rs", "impl A {\n‸  /// Doc.\n  fn f() {}\n}\n", "f"),
        ("a.rs", "impl A {\n  /// Doc.\n‸  fn f() {}\n}\n", "f"),
        ("a.rs", "im‸pl A {\n  fn f() {}\n}\n", "A"),
        ("a.ts", "/**\n * D‸oc.\n */\nexport const f = () => 1;\n", "f"),
        ("a.ts", "export const f‸ = () => 1;\n", "f"),
        ("a.js", "class A { ‸m() {} }\n", "m"),
        ("a.js", "class A {‸ m() {} }\n", "A"),
        ("a.go", "package m\n\n// D‸oc.\nfunc f() {}\n", "f"),
        ("a.go", "package m\n\n// N‸o.\n\nfunc f() {}\n", None),
        ("a.c", "#define A(x) x‸\nint y;\n", "A"),
        ("a.c", "#define A(x) x\nint‸ y;\n", None),
        ("a.h", "/// D‸oc.\ntemplate <class T>\nvoid f() {}\n", "f"),
        ("a.h", "class A { void f() {‸} };\n", "f"),
        ("a.java", "class A {\n  /** D‸oc. */\n  @B void f() {}\n}\n", "f"),
        ("a.lua", "--- D‸oc.\nlocal f = function() end\n", "f"),
    ],
)
def test_a_cursor_is_within_the_innermost_definition(
    path: str, source: str, name: str | None
) -> None:
    assert at(path, source) == name


def test_facts_made_by_hand_need_no_reaches() -> None:
    (one,) = extract(parsed("a.py", "def f(): pass")).definitions
    assert enclosing(Facts((one,)), Span(2, 2)) == one
    assert enclosing(Facts((one,)), Span(2, 99)) is None


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
        span = extract(tree).definitions[0].body
        assert span is not None
        assert cut(tree, span) == body
