from __future__ import annotations

import inspect
from dataclasses import replace
from textwrap import dedent

import pytest

from support_actions import applied, parsed_of, shown, subject_of
from twolane_context.fragments import Label, Origin
from twolane_server.actions.docs.shots import SHOTS
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.errors import ActionError, ReplyRefused

ACTION = WriteDocstring()
SENTENCE = "Return the sum."


def check(name: str, marked: str, expected: str, reply: str = SENTENCE) -> None:
    marked, expected = dedent(marked).lstrip("\n"), dedent(expected).lstrip("\n")
    assert applied(ACTION, subject_of(marked, name), reply) == expected


def test_python_one_line() -> None:
    check(
        "a.py",
        """
        def add(a, b):
            return a‸ + b
        """,
        '''
        def add(a, b):
            """Return the sum."""
            return a + b
        ''',
    )


def test_python_several_paragraphs_and_long_lines() -> None:
    check(
        "a.py",
        """
        class A:
            async def add(a, b):  # stays
                # stays, too
                return a‸ + b
        """,
        '''
        class A:
            async def add(a, b):  # stays
                """Return the sum of everything that the caller has handed in.

                It takes its time when there is much of it, and is quick about it when there is
                little.

                Args:
                    a: the first.
                """
                # stays, too
                return a + b
        ''',
        "Return the sum of everything that the caller has handed in. It takes its time when there "
        "is much of it, and is quick about it when there is little.\n\nArgs:\n    a: the first.",
    )


def test_python_in_the_style_of_the_file() -> None:
    check(
        "a.py",
        """
        def one():
            '''
            Give one.

            At once.
            '''
        def two():
            '''
            Give two.
            '''
        def add(a, b):
            return a‸ + b
        """,
        """
        def one():
            '''
            Give one.

            At once.
            '''
        def two():
            '''
            Give two.
            '''
        def add(a, b):
            '''
            Return the sum.
            '''
            return a + b
        """,
    )


@pytest.mark.parametrize(
    "old", ['"""Old."""', "r'old'", 'u"""Old\n\n    one\n    """', "('a' 'b')"]
)
def test_python_replaces_what_is_there(old: str) -> None:
    subject = subject_of(f"def f():\n    {old}  # kept\n    ‸x = 1\n", "a.py")
    expected = "'''" if "'''" in old else '"""'
    assert applied(ACTION, subject, SENTENCE) == (
        f"def f():\n    {expected}Return the sum.{expected}  # kept\n    x = 1\n"
    )


@pytest.mark.parametrize("kept", ["b'bytes'", "f'{x}'", "f'a' 'b'", "'a', 'b'", "'a' % x"])
def test_python_strings_that_are_no_docstrings_stay(kept: str) -> None:
    subject = subject_of(f"def f(x):\n    ‸{kept}\n", "a.py")
    assert applied(ACTION, subject, SENTENCE) == (
        f'def f(x):\n    """Return the sum."""\n    {kept}\n'
    )


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("def f(): return 1", "return 1"),
        ("def f(): ...  # why", "...  # why"),
        ("class A: pass", "pass"),
        ("def f():\\\n  a; b", "a; b"),
        ("@x\nasync def f(): await y", "await y"),
    ],
)
def test_python_bodies_on_the_line_of_the_colon_are_split(line: str, rest: str) -> None:
    head = line[: line.index(":") + 1]
    subject = subject_of(f"if x:\n\t{line.replace(chr(10), chr(10) + chr(9))}‸\n", "a.py")
    head = head.replace("\n", "\n\t")
    assert applied(ACTION, subject, SENTENCE) == (
        f'if x:\n\t{head}\n\t\t"""Return the sum."""\n\t\t{rest}\n'
    )


def test_python_docstring_on_the_line_of_the_colon() -> None:
    check("a.py", "def f(): 'old'; re‸turn 1\n", 'def f():\n    """Return the sum."""; return 1\n')


def test_python_signature_comments_keep_their_place() -> None:
    check(
        "a.py",
        "def f(a):\n    # type: (int) -> int\n    return‸ a\n",
        'def f(a):\n    # type: (int) -> int\n    """Return the sum."""\n    return a\n',
    )


def test_python_tool_comment_on_a_one_liner_is_not_parted_from_it() -> None:
    with pytest.raises(ActionError, match="comment that a tool reads"):
        ACTION.prepare(subject_of("def f(): return 1  # type: ignore‸\n", "a.py"))
    assert not ACTION.offered(subject_of("def f(): return 1  # type: ignore‸\n", "a.py"))


def test_crlf_tabs_emoji_and_byte_order_mark() -> None:
    subject = subject_of("\ufeffclass É:\r\n\tdef f(self):\r\n\t\treturn '🙂'‸\r\n", "a.py")
    assert applied(ACTION, subject, "Return 🙂.\n\nReally.") == (
        '\ufeffclass É:\r\n\tdef f(self):\r\n\t\t"""Return 🙂.\r\n\r\n\t\tReally.\r\n\t\t"""\r\n'
        "\t\treturn '🙂'\r\n"
    )


@pytest.mark.parametrize(
    ("reply", "literal"),
    [
        ('Say "hello"', '"""Say "hello\\""""'),
        ('Give """ back', '"""Give \\"\\"\\" back."""'),
        ("Match \\d+", 'r"""Match \\d+"""'),
        ('Match \\d and "x"', '"""Match \\\\d and "x\\""""'),
        ("End in \\", '"""End in \\\\"""'),
    ],
)
def test_python_quotes_and_backslashes(reply: str, literal: str) -> None:
    subject = subject_of("def f(): ‸...\n", "a.py")
    assert applied(ACTION, subject, reply) == f"def f():\n    {literal}\n    ...\n"


def test_python_2_is_compared_by_tokens() -> None:
    check(
        "a.py",
        "def f(x):\n    print x‸, 1\n",
        'def f(x):\n    """Return the sum."""\n    print x, 1\n',
    )


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
    ("name", "marked"),
    [
        ("a.py", "x = 1‸\n"),
        ("a.py", "‸"),
        ("a.rs", "fn a() {} fn b() {‸}\n"),
        ("a.ts", "if (x) { y() }‸\n"),
        ("a.go", "package a‸\n"),
    ],
)
def test_nothing_to_document(name: str, marked: str) -> None:
    assert not ACTION.offered(subject_of(marked, name))
    with pytest.raises(ActionError):
        ACTION.prepare(subject_of(marked, name))


def test_no_grammar() -> None:
    subject = subject_of("def f(): ...‸", "a.py")
    other = replace(subject, language=None)
    assert not ACTION.offered(other)
    with pytest.raises(ActionError, match="Python, Rust"):
        ACTION.prepare(other)


@pytest.mark.parametrize(
    ("name", "marked", "reply"),
    [
        ("a.py", "def f(): ...‸\n", "Return x.  # noqa: D103"),
        ("a.ts", "function f() {‸}\n", "Return x.\n\n@ts-ignore"),
        ("a.rs", "fn f() {‸}\n", "vim: set modeline:"),
        ("a.go", "package a\nfunc f() {‸}\n", "Return x.\n\nCode generated by f. DO NOT EDIT."),
    ],
)
def test_orders_to_tools_are_refused(name: str, marked: str, reply: str) -> None:
    subject = subject_of(marked, name)
    with pytest.raises(ReplyRefused, match="order to a linter"):
        ACTION.finish(ACTION.prepare(subject), reply)


def test_the_examples_are_not_documentation() -> None:
    task = ACTION.prepare(subject_of("def f(): ...‸\n", "a.py"))
    for _, answer in SHOTS["python"]:
        with pytest.raises(ReplyRefused, match="repeated"):
            ACTION.finish(task, answer)
    with pytest.raises(ReplyRefused, match="repeated"):
        ACTION.finish(task, "Return the " + "protocol " * 50)


def test_the_prompt_holds_the_definition_and_what_it_uses() -> None:
    marked = inspect.cleandoc(
        """
        import os
        import unused

        def helper(x: int) -> str:
            secret = 1

        class A:
            def go(self):
                return helper(os.getpid())‸
        """
    )
    task = ACTION.prepare(subject_of(marked, "a.py", label=Label.NDA))
    text = shown(task.prompt)
    assert "import os\n" in text
    assert "def helper(x: int) -> str" in text
    assert "secret" not in text
    assert "unused" not in text
    assert text.endswith(
        "[user] ```python\ndef go(self):\n    return helper(os.getpid())\n```\nWrite the docstring."
    )
    assert task.prompt.action == ACTION.name
    assert 0 < task.prompt.max_tokens <= 1_000


def test_every_piece_of_the_file_carries_its_label_and_its_lines() -> None:
    task = ACTION.prepare(subject_of("import os\n\ndef f():\n    ‸os\n", "a.py", label=Label.NDA))
    marked = [part for part in task.prompt.fragments if part.label is Label.NDA]
    assert [part.origin for part in marked] == [
        Origin("/project/a.py", 1, 1),
        Origin("/project/a.py", 3, 4),
    ]
    assert all(part.origin == Origin() for part in task.prompt.fragments if part not in marked)


def test_a_fence_in_the_code_does_not_close_the_prompt_s() -> None:
    task = ACTION.prepare(subject_of("def f():\n    x = '''\n```\n'''‸\n", "a.py"))
    assert "````python\ndef f():" in shown(task.prompt)


def test_a_tree_that_is_handed_in_is_used() -> None:
    subject = subject_of("def f(): ...‸\n", "a.py")
    parsed, _ = parsed_of("x = 1\n", "a.py")
    assert not ACTION.offered(replace(subject, parsed=parsed))
