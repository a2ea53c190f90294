from __future__ import annotations

import pytest

from support_actions import parsed_of
from twolane_server.actions.docs.style import Sections, Style, style_of


def style(name: str, text: str) -> Style:
    return style_of(parsed_of(text, name)[0])


def test_defaults() -> None:
    assert style("a.py", "x = 1\n") == Style()
    assert style("a.go", "package a\n") == Style()
    assert style("a.js", "") == Style(spread=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""One."""\ndef f():\n    """Two."""\n', Style()),
        ("'''One.'''\n", Style(quotes="'''")),
        ("'One.'\n", Style()),
        ('def f():\n    """\n    One.\n    """\n', Style(below=True, spread=True)),
        ('def f():\n    """\n    One.\n\n    Two.\n    """\n', Style(below=True)),
        ('def f():\r\n    """One.\r\n\r\n    Two.\r\n    """\r\n', Style()),
        ('x = """\na\nb"""\n', Style()),
    ],
)
def test_python(text: str, expected: Style) -> None:
    assert style("a.py", text) == expected


@pytest.mark.parametrize(
    ("doc", "sections"),
    [
        ("Args:\n        a: b", Sections.GOOGLE),
        ("Parameters\n    ----------\n    a : int", Sections.NUMPY),
        (":param a: b\n    :returns: c", Sections.SPHINX),
        ("Nothing else.", Sections.NONE),
    ],
)
def test_sections(doc: str, sections: Sections) -> None:
    assert style("a.py", f'def f(a):\n    """One.\n\n    {doc}\n    """\n').sections is sections
    crlf = f'def f(a):\n    """One.\n\n    {doc}\n    """\n'.replace("\n", "\r\n")
    assert style("a.py", crlf).sections is sections


def test_jsdoc() -> None:
    assert not style("a.ts", "/** One. */\nf()\n").spread
    assert style("a.ts", "/**\n * One.\n */\nf()\n").spread
    assert style("a.ts", "/**\n * One.\n * @param x y\n */\n").sections is Sections.TAGS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/// One.\n/// Two.\nint x;\n", Style(mark="///", spread=True)),
        ("//! One.\nint x;\n", Style(mark="//!", spread=True)),
        ("int x; ///< Of x.\n", Style(spread=True)),
        ("/** One. */\nint x; //!< Of x.\n", Style()),
        ("/** \\brief One. */\nint x;\n", Style(brief="\\brief")),
        (
            "/// @brief One.\n/// @param a b\nvoid f(int a);\n",
            Style(mark="///", brief="@brief", spread=True, sections=Sections.TAGS),
        ),
    ],
)
def test_doxygen(text: str, expected: Style) -> None:
    assert style("a.h", text) == expected
    assert style("A.java", "/// One.\nclass A {}\n") == Style(spread=True)


def test_the_width_of_the_file() -> None:
    assert style("a.rs", "x();\n" * 40 + "// " + "x" * 96 + "\n").width == 100
