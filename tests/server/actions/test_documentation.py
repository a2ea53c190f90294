"""What counts as a definition's documentation, in each language's own way."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_sources import shown


def doc(path: str, source: str) -> str | None:
    """The documentation of the last definition in the source."""
    return shown(path, source)[-1].doc


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('"""Doc."""', '"""Doc."""'),
        ("'Doc.'\n    return 1", "'Doc.'"),
        ('r"""Doc é😀."""', 'r"""Doc é😀."""'),
        ('u"Doc."; return 1', 'u"Doc."'),
        ('("Doc.")', '("Doc.")'),
        ('(("Doc.\\n" "more"))', '(("Doc.\\n" "more"))'),
        ('"a" \\\n    "b"', '"a" \\\n    "b"'),
        ('# no\n    """Doc."""', '"""Doc."""'),
        ('"""Doc.\n\n    More.\n    """\n\n    return 1', '"""Doc.\n\n    More.\n    """'),
        ("return 1", None),
        ("x = 1\n    'late'", None),
        ('f"a"', None),
        ('"a" f"b"', None),
        ('b"a"', None),
        ('rb"a"', None),
        ('"a", "b"', None),
        ('"a",', None),
        ('"a".b', None),
        ("...", None),
    ],
)
def test_a_python_docstring_is_the_first_statement(body: str, expected: str | None) -> None:
    source = f"def f():\n    {body}\n"
    assert doc("a.py", source) == expected
    module = ast.parse(source)
    assert isinstance(module.body[0], ast.FunctionDef)
    assert (ast.get_docstring(module.body[0]) is None) == (expected is None)


PARTS = ['"a"', "'b'", 'r"c"', 'b"d"', 'f"e"', "(", ")", ",", ";", " ", "x", "\\\n", "'''g'''"]


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join))
def test_python_agrees(body: str) -> None:
    source = f"def f(): {body}\n"
    try:
        function = ast.parse(source).body[0]
    except (SyntaxError, ValueError):
        return
    if isinstance(function, ast.FunctionDef):
        assert (doc("a.py", source) is None) == (ast.get_docstring(function) is None)


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("/// One.\n/// Two.\n", "/// One.\n/// Two."),
        ("/// One.\r\n/// Two.\r\n", "/// One.\r\n/// Two."),
        ("/** One.\n * Two.\n */\n", "/** One.\n * Two.\n */"),
        ("/** One. */ ", "/** One. */"),
        ("/// One.\n#[inline]\n#[must_use]\n", "/// One."),
        ("#[inline]\n/// One.\n", "/// One."),
        ("/// One.\n#[inline]\n// plain\n#[cold]\n", "/// One."),
        ("/// One.\n// plain\n", "/// One."),
        ("/// One.\n\n", "/// One."),  # the compiler passes over empty lines
        ("/// Far.\n\n/// Near.\n", "/// Near."),
        ("/// Far.\n#[inline]\n/// Near.\n", "/// Near."),
        ("/// Of x.\nconst X: i32 = 1;\n", None),
        ("// plain\n", None),
        ("//// four\n", None),
        ("/* plain */\n", None),
        ("/*** three ***/\n", None),
        ("/**/\n", None),
        ("//! inner\n", None),
        ("//! inner\n/// One.\n", "/// One."),
        ("", None),
    ],
)
def test_rust_doc_comments(above: str, expected: str | None) -> None:
    assert doc("a.rs", f"use x;\n{above}fn f() {{}}\n") == expected
    assert doc("a.rs", f"impl A {{\n{above}pub fn f() {{}}\n}}\n") == expected


@pytest.mark.parametrize("path", ["a.ts", "a.tsx", "a.js"])
@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("/** One. */\n", "/** One. */"),
        ("/**\r\n * é😀\r\n */\r\n", "/**\r\n * é😀\r\n */"),
        ("/** One. */ ", "/** One. */"),
        ("/** One. */\n// eslint-disable-next-line\n", "/** One. */"),
        ("/** Far. */\n/** Near. */\n", "/** Near. */"),
        ("/** The file's. */\n\n", None),
        ("/** Of x. */\nconst x = 1;\n", None),
        ("/* plain */\n", None),
        ("// plain\n", None),
        ("/*** three */\n", None),
        ("/**/\n", None),
    ],
)
def test_jsdoc(path: str, above: str, expected: str | None) -> None:
    for definition in ("function f() {}", "export const f = () => 1;", "export default class A {}"):
        assert doc(path, f"import 'x';\n{above}{definition}\n") == expected
    if "const" not in above:
        assert doc(path, f"class A {{\n{above}m() {{}}\n}}\n") == expected


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("// One.\n// Two.\n", "// One.\n// Two."),
        ("// One.\r\n// Two.\r\n", "// One.\r\n// Two."),
        ("// One.\n//\n// Two.\n", "// One.\n//\n// Two."),
        ("/* One. */\n", "/* One. */"),
        ("// Far.\n\n// Near.\n", "// Near."),
        ("// Far.\n\n", None),
        ("var x = 1 // of x\n", None),
        ("var x = 1 // of x\n// One.\n", "// One."),
        # What the toolchain reads must outlive a new comment.
        ("// One.\n//\n//go:noinline\n", "// One."),
        ("// One.\n//go:noinline\n//nolint:all\n", "// One."),
        ("//go:noinline\n// One.\n", "// One."),
        ("//export f\n", None),
        ("//go:build linux\n\n", None),
        ("", None),
    ],
)
def test_go_doc_comments(above: str, expected: str | None) -> None:
    assert doc("a.go", f"package m\n\n{above}func f() {{}}\n") == expected
    assert doc("a.go", f"package m\n\n{above}type S struct {{}}\n") == expected


def test_a_go_type_in_a_group_has_its_own_doc() -> None:
    source = (
        "package m\n\n// Of the group.\ntype ( // of nothing\n\tA int\n\t// Of B.\n\tB int\n)\n"
    )
    assert [one.doc for one in shown("a.go", source)] == [None, "// Of B."]


@pytest.mark.parametrize("path", ["a.c", "a.h"])
@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("/** One. */\n", "/** One. */"),
        ("/*! One.\r\n * Two. */\r\n", "/*! One.\r\n * Two. */"),
        ("/// One.\n/// Two.\n", "/// One.\n/// Two."),
        ("//! One.\n//! Two.\n", "//! One.\n//! Two."),
        ("/** One. */\n// NOLINTNEXTLINE\n", "/** One. */"),
        ("/** The file's. */\n\n", None),
        ("int x; /** Of x. */\n", None),
        ("int x;\n///< Of x.\n", None),
        ("int x;\n/**< Of x. */\n", None),
        ("/* plain */\n", None),
        ("// plain\n", None),
        ("//// four\n", None),
        ("/**/\n", None),
        ("/*** three */\n", None),
    ],
)
def test_doxygen(path: str, above: str, expected: str | None) -> None:
    for definition in (
        "void f(int a) {}",
        "int f(void);",
        "struct S { int x; };",
        "#define F(x) x",
    ):
        assert doc(path, f"#include <x>\n{above}{definition}\n") == expected
    if path == "a.h":
        template = "template <class T>\nclass S : B {};"
        assert doc(path, f"namespace n {{\n{above}{template}\n}}\n") == expected


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("/** One. */\n", "/** One. */"),
        ("/**\n * One.\n */\n", "/**\n * One.\n */"),
        ("/** The file's. */\n\n", None),
        ("/* plain */\n", None),
        ("// plain\n", None),
    ],
)
def test_javadoc(above: str, expected: str | None) -> None:
    for definition in ("class A {}", "@B(1)\npublic @interface A {}", "record A(int x) {}"):
        assert doc("A.java", f"import x;\n{above}{definition}\n") == expected
    assert doc("A.java", f"class A {{\n{above}@Override\nvoid m() {{}}\n}}\n") == expected


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("--- One.\n---@param a number\n", "--- One.\n---@param a number"),
        ("--- One.\r\n-- Two.\r\n", "--- One.\r\n-- Two."),
        ("-- One.\n", "-- One."),
        ("--[[ One.\nTwo. ]]\n", "--[[ One.\nTwo. ]]"),
        ("--- Far.\n\n", None),
        ("x = 1 -- of x\n", None),
        ("", None),
    ],
)
def test_lua_doc_comments(above: str, expected: str | None) -> None:
    for definition in ("function M.f() end", "local f = function() end", "local function f() end"):
        assert doc("a.lua", f"local y = 1\n{above}{definition}\n") == expected
