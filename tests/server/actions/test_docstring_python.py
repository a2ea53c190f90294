from __future__ import annotations

from textwrap import dedent

import pytest

from support_actions import applied, subject_of
from twolane_server.actions.docstring import WriteDocstring
from twolane_server.errors import ActionError

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
