"""What differs between two indexes, whichever way led from one to the other."""

from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_index import file_of, index_of
from twolane_context.index import File, Index
from twolane_server.rules.differing import differing


def put(index: Index, path: str, text: str | None) -> Index:
    file = None if text is None else file_of(path, text.encode())
    return index.changed({path: file})


def by_each(now: Index, last: Index) -> set[str]:
    every = now.files.keys() | last.files.keys()
    return {path for path in every if now.files.get(path) is not last.files.get(path)}


_CHANGES = st.tuples(st.integers(0, 30), st.sampled_from("abcd"), st.sampled_from(["x", "y", None]))


@given(st.lists(_CHANGES, max_size=16))
def test_it_is_what_a_look_at_each_file_finds(changes: list[tuple[int, str, str | None]]) -> None:
    known = [index_of({"a": "x", "b": "y"})]
    for of, path, text in changes:  # also two that came from the same
        known.append(put(known[of % len(known)], path, text))
    for now in known:
        for last in known:
            assert differing(now, last) == by_each(now, last)


class _OneByOne(dict[str, File]):
    """Tells of a path what it is asked about, and never which there are."""

    def keys(self) -> NoReturn:
        pytest.fail("it looks at all files")


def test_after_a_few_changes_no_other_file_is_looked_at() -> None:
    first = index_of({"a": "x", "b": "y"})
    later = first
    for number in range(7):
        later = put(later, "a", str(number))
    later.files = _OneByOne(later.files)
    assert differing(later, first) == {"a"}
    assert differing(later, later) == set()
    last = put(later, "b", "z")
    assert differing(last, first) == {"a", "b"}
    assert len(last.steps) == len(later.steps), "not kept for ever"
