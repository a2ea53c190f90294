from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_sources import SOURCES, parsed
from twolane_context.facts import extract
from twolane_context.spans import Span
from twolane_server.actions.enclosing import Enclosing
from twolane_server.text import encode

CURSOR = "‸"


def at(path: str, source: str) -> str | None:
    """The name of the definition around the one or two cursor marks."""
    parts = [encode(part) for part in source.split(CURSOR)]
    start = len(parts[0])
    end = start if len(parts) == 2 else start + len(parts[1])
    tree = parsed(path, b"".join(parts))
    definitions = extract(tree).definitions
    found = Enclosing(tree, definitions).innermost(Span(start, end))
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


@given(
    path=st.sampled_from(sorted(SOURCES)),
    before=st.text("\n \t#/*", max_size=5),
    place=st.floats(0, 1),
    size=st.integers(0, 60),
)
def test_it_is_the_last_whose_reach_holds_the_selection(
    path: str, before: str, place: float, size: int
) -> None:
    tree = parsed(path, before + SOURCES[path])
    definitions = extract(tree).definitions
    start = round(place * len(tree.source))
    span = Span(start, min(start + size, len(tree.source)))
    every = Enclosing(tree, definitions)
    held = [
        one
        for at, one in enumerate(definitions)
        if every.reach(at).contains(span) and span.start <= one.end
    ]
    assert every.innermost(span) == (held[-1] if held else None)
