from __future__ import annotations

import pytest

from support_actions import CORPUS, parsed_of
from twolane_context.languages import Language, language_for
from twolane_server.edits.verify import (
    misplaced_rust_docs,
    problem_with_documentation,
    same_python,
)
from twolane_server.text import Text


def _language(name: str) -> Language:
    language = language_for(name)
    assert language is not None
    return language


def problem(name: str, before: str, after: str) -> str | None:
    return problem_with_documentation(_language(name), Text.of(before), Text.of(after))


SAME = [
    ("a.py", "def f(): return 1\n", "def f():\n  '''x'''\n  return 1\n"),
    ("a.py", "class A:\n  'x'\n", "class A:\n  r'''y\n  z'''\n"),
    ("a.py", "\ufeffdef f(): ...", '\ufeffdef f():\n "x"\n ...'),
    ("a.py", "def f(): print 1, 2\n", "def f():\n  '''x'''\n  print 1, 2\n"),
    ("a.rs", "fn f() {}\n", "/// x\nfn f() {}\n"),
    ("a.rs", "/** a */ fn f() {}\n", "/// x\n#[a] fn f() {}\n".replace("#[a] ", "")),
    ("a.js", "f()\nfunction g() {}\n", "f()\n/** x */\nfunction g() {}\n"),
    ("a.go", "package a\nfunc F() {}\n", "package a\n// F x\nfunc F() {}\n"),
    ("a.go", "package a\n//go:a\nfunc F() {}\n", "package a\n// F x\n//\n//go:a\nfunc F() {}\n"),
]


@pytest.mark.parametrize(("name", "before", "after"), SAME)
def test_only_documentation_differs(name: str, before: str, after: str) -> None:
    assert problem(name, before, after) is None


@pytest.mark.parametrize(
    ("name", "before", "after", "why"),
    [
        ("a.py", "def f(): return 1\n", "def f(): return 2\n", "code"),
        ("a.py", "def f():\n  x\n  y\n", "def f():\n  'd'\n  x\ny\n", "code"),
        ("a.py", "def f():\n  'a'\n  'b'\n", "def f():\n  'b'\n", "code"),
        ("a.py", "def f():\n  b'a'\n", "def f():\n  'a'\n", "code"),
        ("a.py", "def f():\n  x = 'a'\n", "def f():\n  x = 'b'\n", "code"),
        ("a.py", "def f(): ...\n", "def f():\n  '''a' ...\n", "syntax"),
        ("a.py", "def f(): print 1\n", "def f():\n  'd'\n  print 2\n", "code"),
        ("a.py", "def f():\n  print 1\n  x\n", "def f():\n  'd'\n  print 1\nx\n", "code"),
        ("a.py", "x = 1  # a\n", "x = 1  # b\n", "comment"),
        ("a.py", "def f(): x  # noqa\n", "def f():\n  'd'\n  x  # noqa\n", "tool"),
        ("a.rs", "fn f() {}\n", "/// x\nfn f() { 1 }\n", "code"),
        ("a.rs", "fn f() {}\n", "fn f() {\n/// x\n}\n", "Rust allows none"),
        ("a.rs", "fn f() { g() }\n", "fn f() { /// x\ng() }\n", "Rust allows none"),
        ("a.rs", "m!{ fn f() {} }\n", "m!{ /// x\n fn f() {} }\n", "code"),
        ("a.ts", "// @ts-ignore\nf()\n", "// @ts-ignore\n/** x */\nf()\n", "tool"),
        ("a.ts", "f()\n", "/* eslint-disable */\nf()\n", "tool"),
        ("a.ts", "// @ts-ignore\nf()\n", "// x\nf()\n", "tool"),
        ("a.js", "f()\n", "/** x */ g() /* */\nf()\n", "code"),
        ("a.js", "f()\n", "/** x */ */\nf()\n", "syntax"),
        ("a.go", "package a\n\n//go:a\nvar x int\n", "package a\n\n//go:a\n\nvar x int\n", "tool"),
        ("a.go", "package a\nvar x int\n", "package a\n//go:embed y\nvar x int\n", "tool"),
    ],
)  # fmt: skip
def test_more_than_documentation_differs(name: str, before: str, after: str, why: str) -> None:
    found = problem(name, before, after)
    assert found is not None
    assert why in found


def test_python_that_python_cannot_read() -> None:
    assert same_python(Text.of("print 1\n"), Text.of("print 1\n")) is None
    assert same_python(Text.of("x = '\0'"), Text.of("x")) is None
    deep = Text.of("x = " + "+".join(["1"] * 20_000) + "\n")
    assert same_python(deep, deep) in (None, True)
    more = Text.of(f"x = 1 + {str(deep)[4:]}")
    assert problem_with_documentation(_language("a.py"), deep, deep) is None
    assert "change the code" in (problem_with_documentation(_language("a.py"), deep, more) or "")


def test_an_invalid_escape_is_no_obstacle() -> None:
    assert same_python(Text.of("x = '\\d'\n"), Text.of("x = '\\d'\n")) is True


@pytest.mark.parametrize("name", CORPUS)
def test_removing_any_one_token_is_noticed(name: str) -> None:
    for marked in CORPUS[name]:
        text = marked.replace("‸", "")
        for at in range(0, len(text), 3):
            broken = text[:at] + text[at + 1 :]
            if problem(name, text, broken) is None:
                # Only a blank, a part of documentation or of a comment for people may go unnoticed.
                parsed, _ = parsed_of(text, name)
                inside = parsed.tree.root_node.descendant_for_byte_range(
                    len(text[:at].encode()), len(text[: at + 1].encode())
                )
                assert inside is not None
                assert (
                    text[at].isspace()
                    or "comment" in inside.type
                    or (inside.parent is not None and "comment" in inside.parent.type)
                    or "string" in inside.type
                    or text[at] in ";,/*\\"
                ), (text, at)


def test_where_rust_allows_documentation() -> None:
    parsed, _ = parsed_of(
        "/// a\n#[x]\n// y\nstruct S {\n  /// f\n  f: i32,\n}\nenum E {\n  /// v\n  V,\n}\n"
        "impl S {\n  /// c\n  const C: i32 = 1;\n}\nfn f() {\n  /// bad\n}\n/// bad at the end\n",
        "a.rs",
    )
    assert misplaced_rust_docs(parsed) == 2
