"""Selections, instructions and diffs as questions."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_index import index_of
from support_sources import parsed
from twolane_context.question import (
    Selection,
    around,
    changed_rows,
    meant,
    merged,
    needed,
    row_span,
)
from twolane_context.rank import Candidate, Tier
from twolane_context.resolve import Resolver

SOURCE = "import a\n\nclass A:\n    def f(self):\n        pass\n\n    def g(self): ...\n\nx = 1\n"


@pytest.mark.parametrize(
    ("first", "last", "name", "rows"),
    [
        (4, 4, "f", (3, 4)),
        (3, 6, "A", (2, 6)),
        (6, 6, "g", (6, 6)),
        (0, 0, None, (0, 0)),
        (4, 8, None, (4, 8)),
        (8, 8, None, (8, 8)),
    ],
)
def test_a_selection_stands_for_the_definition_around_it(
    first: int, last: int, name: str | None, rows: tuple[int, int]
) -> None:
    outline = index_of({"a.py": SOURCE}).files["a.py"].outline
    at, found = around(outline, first, last)
    assert found == rows
    assert (outline.symbols[at].name if at >= 0 else None) == name


def test_a_file_that_is_not_there_or_has_no_grammar_needs_nothing() -> None:
    resolver = Resolver(index_of({"a.py": SOURCE, "a.txt": "A\n"}))
    assert needed(resolver, parsed("a.py", SOURCE), Selection("gone.py", 0, 0), 1) == []
    assert needed(resolver, None, Selection("a.txt", 0, 0), 1) == []


@given(st.text(st.sampled_from("aé\n\r😀"), max_size=40), st.integers(0, 9), st.integers(0, 9))
def test_rows_are_whole_lines(text: str, first: int, more: int) -> None:
    source = text.encode()
    lines = source.splitlines(keepends=True) if b"\r" not in source else None
    span = row_span(source, first, first + more)
    assert 0 <= span.start <= span.end <= len(source)
    if lines is not None:
        assert span.cut(source) == b"".join(lines[first : first + more + 1])


def test_an_instruction_names_definitions() -> None:
    index = index_of(
        {
            "a.py": "def go_home(): ...\n\ndef f(): ...\n",
            **{f"{name}.py": "def many(): ...\n" for name in "bcde"},
        }
    )
    found = meant(Resolver(index), "Let go_home call f, many times: `go_home`, nothing_such")
    assert [(one.file.path, one.symbol.name, one.tier) for one in found] == [
        ("a.py", "go_home", Tier.LIKELY)
    ]


def test_lists_are_merged_the_surest_first_and_each_once() -> None:
    file = index_of({"a.py": SOURCE}).files["a.py"]
    sure, likely = Candidate(file, 0, Tier.RESOLVED), Candidate(file, 1, Tier.LIKELY)
    again = Candidate(file, 0, Tier.LIKELY)
    assert merged([[likely], [again, sure]]) == [sure, likely]
    assert merged([]) == []


def test_rows_of_a_diff() -> None:
    diff = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,3 @@ def f\n+x\n y\n"
        "@@ -9 +10 @@\n-a\n+b\n"
        "--- a/gone.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n"
        "--- a/b c.py\n+++ b/b c.py\t2026-01-01\n@@ -5,0 +6,2 @@\n+x\n"
    )
    assert changed_rows(diff) == [
        Selection("a.py", 0, 2),
        Selection("a.py", 9, 9),
        Selection("b c.py", 5, 6),
    ]
    assert changed_rows("") == []


LINES = st.lists(st.sampled_from(["a", "b", "c", "@@ x"]), max_size=8)


@given(LINES, LINES)
def test_rows_of_any_diff_hold_what_is_new(old: list[str], new: list[str]) -> None:
    diff = "\n".join(difflib.unified_diff(old, new, "a/x", "b/x", lineterm="", n=0))
    rows = {row for one in changed_rows(diff) for row in range(one.first, one.last + 1)}
    opcodes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    assert rows == {row for tag, _, _, a, b in opcodes if tag != "equal" for row in range(a, b)}
