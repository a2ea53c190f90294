from __future__ import annotations

import pytest

from twolane_context.languages import Language, language_for
from twolane_server.actions.docs.wording import words_of
from twolane_server.errors import ReplyRefused


def _language(name: str) -> Language:
    language = language_for(name)
    assert language is not None
    return language


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Return x.", "Return x."),
        ("  return x", "Return x."),
        ('"Return x."', "Return x."),
        ('"""Return x."""', "Return x."),
        ('"""Return x.', "Return x."),
        ("`Return x.`", "Return x."),
        ("```\nReturn x.\n```", "Return x."),
        ("```python\nReturn x.\n```", "Return x."),
        ("Here is the docstring:\n\nReturn x.", "Return x."),
        ("Sure! Here's the docstring for `f`:\n```python\n\"\"\"Return x.\"\"\"\n```", "Return x."),
        ("Docstring: Return x.", "Return x."),
        ("This function returns x.", "Returns x."),
        ("<think>f is x</think>Return x.", "Return x."),
        ("Return x.\n\n```python\nf(1)\n```", "Return x."),
        ("Return x.\n\nExamples:\n    >>> f()\n    1", "Return x."),
        ("Return x.\n\n\n\nAnd y.", "Return x.\n\nAnd y."),
        ('```python\ndef f():\n    """Return x.\n\n    And y."""\n    pass\n```', "Return x.\n\nAnd y."),
        ("```python\ndef g():\n    'G.'\ndef f():\n    'F.'\n```", "F."),
        ("```python\nr'''A \\d.'''\n```", "A \\d."),
        ("def f():\n    '''Return x.'''\n", "Return x."),
        ("`x` or `y`", "`x` or `y`."),
        ("read_all and so on", "read_all and so on."),
        ("- one\n- two", "- one\n- two"),
    ],
)  # fmt: skip
def test_python(reply: str, expected: str) -> None:
    assert words_of(reply, _language("a.py"), "f", "") == expected


@pytest.mark.parametrize(
    ("name", "reply", "expected"),
    [
        ("a.rs", "```rust\n/// Return x.\n///\n/// And y.\nfn f() {}\n```", "Return x.\n\nAnd y."),
        ("a.rs", "/// Return x.", "Return x."),
        ("a.rs", "fn f() {\n    // inner\n    1\n}\n/// Return x.\nfn g() {}", "Return x."),
        ("a.ts", "/**\n * Return x.\n * @param y z\n */\nfunction f() {}", "Return x.\n@param y z"),
        ("a.ts", "/** Return x *\\/ y. */", "Return x */ y."),
        ("a.ts", "```ts\nfoo\n/** Return x. */\nbar\n```", "Return x."),
        ("a.go", "// F returns\n// x.\nfunc F() {}", "F returns\nx."),
        ("a.go", "```go\npackage a\n\n// F returns x.\nfunc F() {}\n```", "F returns x."),
        ("a.go", "/* F returns x. */", "F returns x."),
        ("a.lua", "--- Return x.\n-- And y.\nfunction f() end", "Return x.\nAnd y."),
        ("a.lua", "```lua\n-- Return x.\nlocal function f() end\n```", "Return x."),
        ("a.lua", "Return x.", "Return x."),
        ("a.h", "```cpp\n//! Return x.\nint f();\n```", "Return x."),
        ("A.java", "```java\n/** Return x. */\nint f() {}\n```", "Return x."),
    ],
)
def test_comments(name: str, reply: str, expected: str) -> None:
    assert words_of(reply, _language(name), "f", "") == expected


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("a.py", "```python\ndef f():\n    return 1\n```"),
        ("a.py", "def f():\n    return 1"),
        ("a.py", "```rust\nfn f() -> i32 {\n    1\n}\n```"),
        ("a.rs", "```python\ndef f():\n    '''Return x.'''\n```"),
        ("a.go", "```go\nfunc f() int {\n\t// inner\n\treturn 1\n}\n```"),
        ("a.ts", "import { x } from 'y'\n"),
        ("a.ts", "const x = 1"),
    ],
)
def test_code_is_no_documentation(name: str, reply: str) -> None:
    with pytest.raises(ReplyRefused, match="code instead"):
        words_of(reply, _language(name), "f", "")


@pytest.mark.parametrize("reply", ["Return " + "a b c " * 4, "x\ny x\ny x\ny x\ny", "no " * 9])
def test_going_round_in_circles(reply: str) -> None:
    with pytest.raises(ReplyRefused, match="repeated"):
        words_of(reply, _language("a.py"), "f", "")


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("a.ts", "Adds `user` to the list and its price to the total."),
        ("a.go", "AddItem reports whether f is a package."),
        ("a.py", "Return whether `text` is a leap year."),
        ("a.rs", "Reads, as read_lines does."),
    ],
)
def test_what_only_the_examples_speak_of(name: str, reply: str) -> None:
    with pytest.raises(ReplyRefused, match="repeated"):
        words_of(reply, _language(name), "f", "def f(text): ...")


def test_code_may_be_about_what_an_example_is_about() -> None:
    code = "def f(self, other):\n    self.lines = is_leap(other.price, add_items)"
    for reply in ("Add it and its price.", "Say if it is a leap year.", "Call add_item on lines."):
        assert words_of(reply, _language("a.py"), "f", code) == reply
