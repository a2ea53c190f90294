from __future__ import annotations

from textwrap import dedent

import pytest

from support_actions import applied, subject_of
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.errors import ReplyRefused

ACTION = WriteDocstring()
SENTENCE = "Return the sum."


def check(name: str, marked: str, expected: str, reply: str = SENTENCE) -> None:
    marked, expected = dedent(marked).lstrip("\n"), dedent(expected).lstrip("\n")
    assert applied(ACTION, subject_of(marked, name), reply) == expected


def test_rust_above_attributes() -> None:
    check(
        "a.rs",
        """
        impl S {
            // a note
            #[inline]
            #[must_use]
            pub fn add(&self) -> i32 { 1‸ }
        }
        """,
        """
        impl S {
            // a note
            /// Return the sum.
            ///
            /// - one
            /// - two
            #[inline]
            #[must_use]
            pub fn add(&self) -> i32 { 1 }
        }
        """,
        "Return the sum.\n\n- one\n- two",
    )


@pytest.mark.parametrize("old", ["/// Old.\n///\n/// Older.", "/** Old. */", "/**\n * Old.\n */"])
def test_rust_replaces_what_is_there(old: str) -> None:
    check(
        "a.rs",
        f"{old}\n#[derive(Debug)]\nstruct S {{ x: i32‸ }}\n",
        "/// Return the sum.\n#[derive(Debug)]\nstruct S { x: i32 }\n",
    )


def test_rust_gets_no_code_that_cargo_would_run() -> None:
    check(
        "a.rs",
        "fn f() {‸}\n",
        "/// Return the sum.\nfn f() {}\n",
        "/// Return the sum.\n///\n/// # Examples\n///\n/// ```\n/// assert!(f());\n/// ```\nfn f() {}",
    )


def test_jsdoc_above_decorators_and_export() -> None:
    check(
        "a.ts",
        """
        @Component({})
        export class A {
          @Input()
          go(x: number): void {‸}
        }
        """,
        """
        @Component({})
        export class A {
          /**
           * Return the sum *\\/ here.
           *
           * @param x the first.
           */
          @Input()
          go(x: number): void {}
        }
        """,
        "Return the sum */ here.\n\n@param x the first.",
    )
    check(
        "a.js",
        "export default class {‸ }\n",
        "/**\n * Return the sum.\n */\nexport default class { }\n",
    )


def test_jsdoc_keeps_the_tags_that_hold_types() -> None:
    check(
        "a.js",
        """
        /**
         * Old.
         * @param {number} a the first
         *   and more
         * @returns {number}
         */
        function add(a) { return‸ a }
        """,
        """
        /**
         * Return the sum.
         *
         * @param {number} a the first
         *   and more
         * @returns {number}
         */
        function add(a) { return a }
        """,
        "Return the sum.\n\n@param {string} a wrong",
    )


def test_jsdoc_does_not_come_between_a_pragma_and_its_line() -> None:
    check(
        "a.ts",
        "// @ts-expect-error\nexport const f = () => 1‸\n",
        "/**\n * Return the sum.\n */\n// @ts-expect-error\nexport const f = () => 1\n",
    )


def test_jsdoc_in_one_line_where_the_file_does_so() -> None:
    check(
        "a.js",
        "/** One. */\nconst one = () => 1\n/** Two. */\nconst two = () => 2\nconst f = () => 3‸\n",
        "/** One. */\nconst one = () => 1\n/** Two. */\nconst two = () => 2\n"
        "/** Return the sum. */\nconst f = () => 3\n",
    )


def test_the_header_of_a_file_is_not_a_function_s_documentation() -> None:
    check(
        "a.js",
        "/**\n * @license MIT\n */\nfunction f() {‸}\n",
        "/**\n * @license MIT\n */\n/**\n * Return the sum.\n */\nfunction f() {}\n",
    )


def test_go_starts_with_the_name() -> None:
    check(
        "a.go",
        "package a\n\nfunc (s *S) Add(a int) int {\n\treturn‸ a\n}\n",
        "package a\n\n// Add returns the sum.\nfunc (s *S) Add(a int) int {\n\treturn a\n}\n",
    )


def test_go_directives_stay_where_they_are() -> None:
    check(
        "a.go",
        "package a\n\n// Add is old.\n//\n//go:noinline\nfunc Add() {‸}\n",
        "package a\n\n// Add returns the sum.\n//\n//go:noinline\nfunc Add() {}\n",
    )
    check(
        "a.go",
        "package a\n\n//export Add\nfunc Add() {‸}\n",
        "package a\n\n// Add returns the sum.\n//\n//export Add\nfunc Add() {}\n",
    )


def test_go_types_in_a_group() -> None:
    check(
        "a.go",
        "package a\n\ntype (\n\t// B was.\n\tB struct{ x‸ int }\n\tC int\n)\n",
        "package a\n\ntype (\n\t// B is a pair.\n\tB struct{ x int }\n\tC int\n)\n",
        "A pair.",
    )


@pytest.mark.parametrize(
    ("name", "marked", "expected"),
    [
        ("a.c", "/* plain */\nint f(void);‸\n", "/* plain */\n/**\n * Return the sum.\n */\nint f(void);\n"),
        ("a.c", "/** One. */\nint g;\n\nint f(void) {‸}\n", "/** One. */\nint g;\n\n/** Return the sum. */\nint f(void) {}\n"),
        ("a.h", "/// One.\nint g;\n\ntemplate <class T>\nvoid f() {‸}\n", "/// One.\nint g;\n\n/// Return the sum.\ntemplate <class T>\nvoid f() {}\n"),
        ("a.h", "//! Old.\n//!\n//! @param a one\nvoid f(int a);‸\n", "//! Return the sum.\n//!\n//! @param a one\nvoid f(int a);\n"),
        ("a.h", "/** @brief Old. */\n// NOLINTNEXTLINE\nvoid f();‸\n", "/** @brief Return the sum. */\n// NOLINTNEXTLINE\nvoid f();\n"),
        ("a.h", "/**\n * \\file a.h\n */\nclass A {‸};\n", "/**\n * \\file a.h\n */\n/**\n * Return the sum.\n */\nclass A {};\n"),
        ("A.java", "class A {\n  /** Old. */\n  @Override\n  int f() {‸}\n}\n", "class A {\n  /** Return the sum. */\n  @Override\n  int f() {}\n}\n"),
        ("a.lua", "--- Old.\n-- Older.\n---@param a number\nfunction M.f(a) ‸end\n", "--- Return the sum.\n---@param a number\nfunction M.f(a) end\n"),
        ("a.lua", "-- plain\nlocal f = function() ‸end\n", "-- plain\n--- Return the sum.\nlocal f = function() end\n"),
    ],
)  # fmt: skip
def test_c_java_and_lua(name: str, marked: str, expected: str) -> None:
    check(name, marked, expected)


def test_nothing_said_in_a_comment_reaches_a_compiler() -> None:
    # A line of C that ends with a backslash goes on below; javac reads `\\u002a` before comments.
    check("a.c", "/// Old.\nint f(void);‸\n", "/// Return x \\.\nint f(void);\n", "Return x \\")
    check(
        "a.c",
        "/** O. */\nint f(void);‸\n",
        "/** Glob a/ *.c *\\/ */\nint f(void);\n",
        "Glob a/*.c */",
    )
    check(
        "A.java",
        "/** O. */\nclass A {‸}\n",
        "/** Read C:\\\\users. */\nclass A {}\n",
        "Read C:\\users",
    )
    check("A.java", "/** O. */\nclass A {‸}\n", "/** Read {@code x}. */\nclass A {}\n", "Read `x`")


@pytest.mark.parametrize("reply", ["@param a one", "\\param a one"])
def test_tags_alone_are_no_description(reply: str) -> None:
    subject = subject_of("/**\n * Old.\n * @param a x\n */\nvoid f(int a);‸\n", "a.h")
    with pytest.raises(ReplyRefused, match="tags only"):
        ACTION.finish(ACTION.prepare(subject), reply)
