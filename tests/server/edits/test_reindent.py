from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.languages import Language, language_for
from twolane_server.edits.reindent import fitted


def _language(name: str) -> Language:
    language = language_for(name)
    assert language is not None
    return language


PYTHON = _language("a.py")


@pytest.mark.parametrize(
    ("code", "indent", "unit", "expected"),
    [
        ("a:\n    b", "", "    ", "a:\n    b"),
        ("a:\n    b", "    ", "    ", "    a:\n        b"),
        ("    a:\n        b", "", "    ", "a:\n    b"),
        ("a:\n    b\n\n    c", "\t", "\t", "\ta:\n\t\tb\n\n\t\tc"),
        ("a:\n  b:\n    c", "", "\t", "a:\n\tb:\n\t\tc"),
        ("\ta:\n\t\tb", "  ", "  ", "  a:\n    b"),
        ("    a\n  b\nc", "  ", "    ", "  a\n  b\n  c"),
        ("x = '''\n a\n'''\ny", "  ", "    ", "  x = '''\n a\n'''\n  y"),
        ("def f():\n    '''A\n\n    B'''", "  ", "    ", "  def f():\n      '''A\n\n      B'''"),
        ("", "  ", "    ", ""),
    ],
)
def test_fitted(code: str, indent: str, unit: str, expected: str) -> None:
    assert fitted(code, PYTHON, indent, unit) == expected


def test_other_strings() -> None:
    assert fitted("x = `\n a`\ny", _language("a.ts"), "  ", "  ") == "  x = `\n a`\n  y"
    assert fitted('let x = r"\n a";\ny', _language("a.rs"), "  ", "  ") == (
        '  let x = r"\n a";\n  y'
    )
    assert fitted("x := `\n a`\ny", _language("a.go"), "\t", "\t") == "\tx := `\n a`\n\ty"


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.sampled_from(["", "  ", "\t"]))
def test_the_shape_stays(depths: list[int], indent: str) -> None:
    depths = [0, *depths]
    code = "\n".join("    " * depth + "x" for depth in depths)
    unit = indent or "    "
    lines = fitted(code, PYTHON, indent, unit).split("\n")
    assert [line.removeprefix(indent).count("x") for line in lines] == [1] * len(depths)
    if unit != "  ":
        assert [line[: -len("x")] for line in lines] == [indent + unit * depth for depth in depths]
