"""Changes of many files as values."""

from __future__ import annotations

import pytest

from twolane_server.edits.changes import Changes, FileChange, Sort, digest
from twolane_server.errors import ReplyRefused
from twolane_server.text import Text

A, B = Text.of("a\n"), Text.of("b\r\n")


def test_each_sort_is_told_from_what_is_there_before_and_after() -> None:
    changes = Changes.of(
        [
            FileChange("d", A, None),
            FileChange("c", None, B),
            FileChange("b", A, B, to="e"),
            FileChange("a", A, B),
        ]
    )
    assert [one.sort for one in changes] == [Sort.EDIT, Sort.RENAME, Sort.CREATE, Sort.DELETE]
    assert str(changes) == "4 files: edit a, rename b to e, create c, delete d"
    assert changes.paths == ("a", "b", "e", "c", "d")
    assert changes.applied({"a": A, "b": A, "d": A, "x": B}) == {"a": B, "e": B, "c": B, "x": B}


def test_what_changes_nothing_is_left_out() -> None:
    assert not len(Changes.of([FileChange("a", A, A)]))
    assert len(Changes.of([FileChange("a", A, A, to="b")])) == 1


@pytest.mark.parametrize(
    "files",
    [
        [FileChange("a", A, B), FileChange("a", A, None)],
        [FileChange("a", A, A, to="b"), FileChange("b", None, B)],
        [FileChange("a", A, A, to="c"), FileChange("b", A, A, to="c")],
    ],
)
def test_two_changes_of_one_path_are_refused(files: list[FileChange]) -> None:
    with pytest.raises(ReplyRefused, match="in two ways"):
        Changes.of(files)


def test_only_what_it_was_made_for_is_changed() -> None:
    for texts in ({"a": B}, {}):
        with pytest.raises(ReplyRefused):
            Changes.of([FileChange("a", A, B)]).applied(texts)
    with pytest.raises(ReplyRefused):
        Changes.of([FileChange("a", None, B)]).applied({"a": A})
    with pytest.raises(ReplyRefused):
        Changes.of([FileChange("a", A, A, to="b")]).applied({"a": A, "b": B})


def test_no_text_is_in_what_is_printed() -> None:
    secret = Text.of("hush hush")
    shown = repr(Changes.of([FileChange("a", A, secret)]))
    assert "hush" not in shown
    assert digest(A) == FileChange("a", A, B).before_sha256
    assert FileChange("a", None, B).before_sha256 is None
