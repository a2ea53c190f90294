from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.languages import Language, language_for
from twolane_context.spans import Span
from twolane_server.actions.docs.place import Place
from twolane_server.actions.docs.render import escaped, rendered, tags_of
from twolane_server.actions.docs.style import Style

PLACE = Place("Add", Span(0, 0), Span(0, 0), "", "    ", "", "", "\n")


def _language(name: str) -> Language:
    language = language_for(name)
    assert language is not None
    return language


@given(st.text(alphabet="ab\"'\\\n ", max_size=30), st.sampled_from(['"""', "'''"]))
def test_a_literal_s_value_is_the_text(text: str, quotes: str) -> None:
    prefix, inside = escaped(text, quotes)
    assert ast.literal_eval(f"{prefix}{quotes}{inside}{quotes}") == text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Return x.", "Add returns x."),
        ("Returns x.", "Add returns x."),
        ("Add returns x.", "Add returns x."),
        ("`Add` returns x.", "Add returns x."),
        ("add: returns x.", "Add: returns x."),
        ("Copy x.", "Add copies x."),
        ("Pass x.", "Add passes x."),
        ("Do x.", "Add does x."),
        ("A pair of x.", "Add is a pair of x."),
        ("The pair.", "Add is the pair."),
        ("This method returns x.", "Add returns x."),
        ("If x, y.", "Add: If x, y."),
        ("HTTP things.", "Add: HTTP things."),
        ("x_y does.", "Add: x_y does."),
        ("Nothing", "Add: Nothing"),
    ],
)
def test_go_names_the_definition(words: str, expected: str) -> None:
    assert rendered(words, PLACE, Style(), _language("a.go")) == f"// {expected}"
    nameless = replace(PLACE, name="")
    assert rendered(words, nameless, Style(), _language("a.go")) == f"// {words}"


def test_the_line_length_counts_indentation() -> None:
    words = " ".join(["word"] * 40)
    for name in ("a.py", "a.rs", "a.ts", "a.go", "a.h", "A.java", "a.lua"):
        for indent in ("", "    ", "\t\t"):
            place = replace(PLACE, indent=indent, eol="\r\n")
            text = indent + rendered(words, place, Style(width=79), _language(name))
            lengths = [len(line.expandtabs(4)) for line in text.split("\r\n")]
            assert max(lengths) <= 79
            assert max(lengths) > 70


def test_words_that_are_too_long_for_a_line_stay_whole() -> None:
    words = f"See https://example.org/{'x' * 100} for more."
    for name in ("a.py", "a.rs", "a.ts"):
        assert f"https://example.org/{'x' * 100}" in rendered(
            words, PLACE, Style(), _language(name)
        )


def test_lists_and_fields_are_broken_alone() -> None:
    words = f"Sum.\n\n- {'one ' * 25}end\n- two\n\nArgs:\n    a: {'first ' * 20}end"
    text = rendered(words, replace(PLACE, indent=""), Style(width=60), _language("a.py"))
    lines = text.split("\n")
    assert "  one one" in text
    assert "- two" in lines
    assert any(line.startswith("        first") for line in lines)
    assert all(len(line) <= 60 for line in lines)


def test_a_blank_line_holds_no_blanks() -> None:
    for name in ("a.py", "a.rs", "a.ts", "a.go"):
        text = rendered("One.\n\nTwo.", PLACE, Style(), _language(name))
        assert all(line == line.rstrip() for line in text.split("\n"))


def test_rust_text_is_never_an_indented_block() -> None:
    text = rendered("One.\n\n        let x = 1\n", PLACE, Style(), _language("a.rs"))
    assert text.split("\n")[2] == "    ///   let x = 1"


def test_tags_of_an_old_jsdoc() -> None:
    assert tags_of("/**\n * Old.\n *\n * @param {x} y\n *   z\n * @see a *\\/ b\n */") == [
        "@param {x} y",
        "  z",
        "@see a *\\/ b",
    ]
    assert tags_of("/** @type {x} */") == ["@type {x}"]
    assert tags_of("/// @brief Old.\n/// \\param x y") == ["\\param x y"]
    assert tags_of("/** Old. */") == tags_of("// @param") == tags_of("") == []
