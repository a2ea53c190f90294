from __future__ import annotations

import pytest

from support_actions import parsed_of
from twolane_server.actions.docs.place import place_at
from twolane_server.errors import ActionError


@pytest.mark.parametrize(
    ("name", "marked", "old"),
    [
        ("a.py", "def f():\n    'x'\n    ‸y\n", "'x'"),
        ("a.py", "def f():\n    # c\n    ('x'\n     'y')  # d\n    ‸y\n", "('x'\n     'y')"),
        ("a.py", "def f():\n    f'x'\n    ‸y\n", ""),
        ("a.rs", "/// a\n/// b\n\n#[x]\nfn f() {‸}\n", "/// a\n/// b"),
        ("a.rs", "/// a\r\nfn f() {‸}\r\n", "/// a"),
        ("a.rs", "// a\nfn f() {‸}\n", ""),
        ("a.rs", "//// a\nfn f() {‸}\n", ""),
        ("a.rs", "//! a\nfn f() {‸}\n", ""),
        ("a.rs", "struct A; // tail\nfn f() {‸}\n", ""),
        ("a.js", "/** a */\n// eslint-disable-next-line\nfunction f() {‸}\n", "/** a */"),
        ("a.js", "/** a */\n\nfunction f() {‸}\n", ""),
        ("a.js", "/* a */\nfunction f() {‸}\n", ""),
        ("a.js", "/**/\nfunction f() {‸}\n", ""),
        ("a.go", "package a\n\n// a\n// b\nfunc f() {‸}\n", "// a\n// b"),
        ("a.go", "package a\n\n// a\n\nfunc f() {‸}\n", ""),
        ("a.go", "package a\n\n/* a\n*/\nfunc f() {‸}\n", "/* a\n*/"),
        ("a.go", "package a\n\n//go:x\n// a\nfunc f() {‸}\n", "// a"),
        ("a.go", "package a\n\nvar x = 1 // tail\nfunc f() {‸}\n", ""),
        ("a.c", "/*! a */\nint f(void);‸\n", "/*! a */"),
        ("a.c", "/// a\r\n/// b\r\nint f(void);‸\r\n", "/// a\r\n/// b"),
        ("a.c", "/** a */\n// b\nint f(void);‸\n", "/** a */"),
        ("a.c", "/** a */\n/// b\nint f(void);‸\n", "/// b"),
        ("a.c", "int x; ///< a\nint f(void);‸\n", ""),
        ("a.c", "int x;\n///< a\nint f(void);‸\n", ""),
        ("a.c", "/// @file a\n/// b\nint f(void);‸\n", ""),
        ("a.c", "/* a */\nint f(void);‸\n", ""),
        ("A.java", "/** a */\n@B\nclass A {‸}\n", "/** a */"),
        ("A.java", "/// a\nclass A {‸}\n", ""),
        ("a.lua", "--- a\n--- b\nfunction f() ‸end\n", "--- a\n--- b"),
        ("a.lua", "-- a\nfunction f() ‸end\n", ""),
        ("a.lua", "-- a\n--- b\n-- c\n-- @return d\nfunction f() ‸end\n", "--- b\n-- c"),
        ("a.lua", "---@param a b\nfunction f() ‸end\n", ""),
        ("a.lua", "--- a\n\nfunction f() ‸end\n", ""),
    ],
)
def test_what_is_there_already(name: str, marked: str, old: str) -> None:
    parsed, selection = parsed_of(marked, name)
    place = place_at(parsed, selection)
    assert place.old == old
    assert place.target.cut(parsed.source).decode() == old


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("a.rs", "struct A; /// b\nfn f() {‸}\n"),
        ("a.rs", "mod m { fn f() {‸} }\n"),
        ("a.js", "x; function f() {‸}\n"),
        ("a.go", "package a; func f() {‸}\n"),
        ("a.c", "int x; int f(void) {‸}\n"),
        ("a.lua", "x = 1 function f() ‸end\n"),
    ],
)
def test_a_line_shared_with_other_code(name: str, marked: str) -> None:
    parsed, selection = parsed_of(marked, name)
    with pytest.raises(ActionError, match="shares its line"):
        place_at(parsed, selection)


@pytest.mark.parametrize("marked", ["def f():‸\n", "def f(‸", "class A:\n‸"])
def test_a_body_that_is_not_there(marked: str) -> None:
    parsed, selection = parsed_of(marked, "a.py")
    with pytest.raises(ActionError):
        place_at(parsed, selection)
