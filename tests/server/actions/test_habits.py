from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.actions.habits import TYPES, Habits, habits_of


def test_too_few_commits_tell_nothing() -> None:
    assert habits_of(["feat: x", "fix: y"]) == Habits()
    assert habits_of([]).told() == "The subject has at most 72 characters."


@pytest.mark.parametrize(
    ("subjects", "told"),
    [
        (
            ["feat: add x", "fix: mend y", "fix: mend z", "Merge of things"],
            (
                "The subject has at most 50 characters. It follows Conventional Commits, `type: words`, "
                "with one of: fix, feat. Its words start with a small letter and end without a period."
            ),
        ),
        (
            ["feat(api): Add x.", "fix(ui)!: Mend y.", "docs(api): Tell z."],
            (
                "The subject has at most 50 characters. It follows Conventional Commits, "
                "`type(scope): words`, with one of: feat, fix, docs. Its words start with a capital "
                "letter and end with a period."
            ),
        ),
        (
            ["Add x", "Mend y", "note: this is one", "Tell z" + "." * 60],
            (
                "The subject has at most 50 characters. Its words start with a capital letter and end "
                "without a period."
            ),
        ),
        (["acme: add x", "acme: add y", "acme: add z"], None),
    ],
)
def test_what_most_subjects_do(subjects: list[str], told: str | None) -> None:
    said = habits_of(subjects).told()
    assert said == told if told else "acme" not in said


@given(st.lists(st.text(max_size=90), max_size=12))
def test_habits_quote_nothing(subjects: list[str]) -> None:
    habits = habits_of(subjects)
    assert set(habits.types) <= set(TYPES)
    assert 50 <= habits.length <= 72
