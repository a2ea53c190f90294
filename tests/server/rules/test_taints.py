"""Files that stay NDA, as values: who is found, what is cleared, what is kept how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.rules.taints import (
    KEPT_DAYS,
    Identity,
    Taint,
    Taints,
    aged,
    cleared,
    dump,
    parse,
    put,
)

DAY = 86_400
FOUND = "it holds code of r/clients/a.py (about lines 1 to 4), which is NDA"


def identity(number: int) -> Identity:
    return Identity(1, number, 10, 1_000)


def taint(path: str, *seen: int) -> Taint:
    return Taint(path, "2026-01-31", FOUND, tuple(map(identity, seen)))


def rows(*taints: Taint) -> dict[str, Taint]:
    return {one.path: one for one in taints}


def test_the_reason_says_when_and_what_opens_it() -> None:
    assert taint("/a").reason == "code pasted into it on 2026-01-31 (twolane label --open)"


def test_a_file_is_found_by_any_path_and_by_what_it_is() -> None:
    known = Taints((taint("/a", 1), taint("/b", 2)))
    assert known.find(("/x", "/b"), None) == taint("/b", 2)
    assert known.find(("/x",), identity(1)) == taint("/a", 1)
    assert known.find(("/x",), identity(3)) is None
    assert known.find(("/x",), None) is None


@pytest.mark.parametrize("field", ["device", "inode", "size", "modified_ns"])
def test_one_that_differs_in_anything_is_another(field: str) -> None:
    other = identity(1)._replace(**{field: 77})
    assert Taints((taint("/a", 1),)).find(("/x",), other) is None


def test_what_is_known_of_a_path_stays_and_what_it_is_now_comes_last() -> None:
    later = taint("/a", 9)._replace(day="2026-05-05", found="other")
    assert put(rows(taint("/a", 1)), later) == rows(taint("/a", 1, 9))
    assert put(rows(taint("/a", 1, 2)), taint("/a", 1)) == rows(taint("/a", 2, 1))
    many = put(rows(taint("/a", 1, 2, 3, 4)), taint("/a", 5))
    assert many["/a"].seen == tuple(map(identity, (2, 3, 4, 5)))


def test_what_is_cleared_is_not_found_by_an_older_path_either() -> None:
    left = cleared(rows(taint("/a", 1, 2), taint("/b", 2)), ["/b"], [identity(2)])
    assert left == rows(taint("/a", 1))


def test_one_that_is_gone_for_long_is_dropped_and_one_that_comes_back_counts_anew() -> None:
    known = aged(rows(taint("/a"), taint("/b")), "/a".__eq__, 1_000)
    assert known == rows(taint("/a"), taint("/b")._replace(gone=1_000))
    last = 1_000 + KEPT_DAYS * DAY
    assert aged(known, "/a".__eq__, last) == known
    assert aged(known, "/a".__eq__, last + 1) == rows(taint("/a"))
    back = aged(known, lambda _: True, last)
    assert back == rows(taint("/a"), taint("/b"))
    assert aged(aged(back, "/a".__eq__, last), "/a".__eq__, last + DAY).keys() == {"/a", "/b"}


SEEN = st.lists(
    st.builds(Identity, st.integers(), st.integers(), st.integers(), st.integers()), max_size=4
)
TAINTS = st.builds(Taint, st.text(), st.text(), st.text(), SEEN.map(tuple), st.integers())


@given(st.lists(TAINTS, max_size=5))
def test_what_is_written_is_read(taints: list[Taint]) -> None:
    assert parse(dump(rows(*taints))) == rows(*taints)


def test_a_path_that_is_no_text_is_read_again() -> None:
    odd = taint("/a\udcff\n\x1b")
    assert parse(dump(rows(odd))) == rows(odd)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 2'),
        ('"version": 1', '"other": 1'),
        ('"files":', '"others":'),
        ('"/a"', "3"),
        ('"gone": 0', '"gone": "x"'),
        ('"gone": 0', '"other": 0'),
        ("1000", "1000, 2"),
        ("1000", "true, [2]"),
        ("1000", '"x"'),
        ("{", "["),
        ("}", ""),
    ],
)
def test_what_is_damaged_is_no_list_of_files(old: str, new: str) -> None:
    text = dump(rows(taint("/a", 1)))
    assert old in text
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        parse(text.replace(old, new))
