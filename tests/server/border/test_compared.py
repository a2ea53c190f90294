"""What was compared once is not compared again, and the answer is as if all was compared anew."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.asked import asked_hashes, hasher_of, key_of
from twolane_server.border.compared import Compared

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Iterable

KEY = bytes(range(32))
CODE = """\
def settle(rows, rate, limit):
    total = 0
    for row in rows:
        amount = row.amount * rate["%d" % row.kind]
        if amount > limit:
            raise Overdrawn(row, "amount", "is too much")
        total += amount - row.paid
    return total / len(rows)
"""
LINES = CODE.splitlines()
_PART = st.integers(0, 7).map(lambda first: "\n".join(LINES[first : first + 3]))
_LINE = st.sampled_from([*LINES, "x = 1", "}", "", "y(z)", "# é", "12 a", "13 b", "14 c"])
_ROWS = st.lists(_LINE | _PART, max_size=9).map("\n".join)
_HEADS = st.sampled_from(["", "+", "> ", "    ", "12: "])


def _quoted(text: str, head: str) -> str:
    return text.replace("\n", f"\n{head}")


def _together(texts: list[str]) -> tuple[str, ...]:
    return tuple(texts)


_TEXTS = st.lists(st.builds(_quoted, _ROWS, _HEADS), min_size=1, max_size=3).map(_together)
_QUESTIONS = st.lists(_TEXTS, min_size=1, max_size=6)
Telling: TypeAlias = Literal["exactly", "more", "nobody knows"]
_TOLD: st.SearchStrategy[Telling] = st.sampled_from(["exactly", "more", "nobody knows"])


def hashes_of(texts: Iterable[str]) -> set[int]:
    found = asked_hashes(key_of(KEY), tuple(texts))
    return set(chain.from_iterable(hashes for _, hashes in found))


class Known:
    """The hashes of code under NDA."""

    def __init__(self, *code: str) -> None:
        self.hashes = hashes_of(code)
        self.asked = 0

    def __call__(self, hashes: array[int]) -> bool:
        self.asked += len(hashes)
        return not self.hashes.isdisjoint(hashes)


def make() -> Compared[int]:
    return Compared(hasher_of(KEY))


def nobody_knows(_: int) -> None:
    """What was added since another state."""


def nothing_added(_: int) -> list[int]:
    return []


def added_by(course: list[Known], told: Telling) -> Callable[[int], set[int] | None]:
    """What was added since a state, by what was under NDA at each; the last is now."""
    more = hashes_of(["and_something_else_entirely = 1"])

    def added(since: int) -> set[int] | None:
        exactly = course[-1].hashes - course[since].hashes
        return {"exactly": exactly, "more": exactly | more, "nobody knows": None}[told]

    return added


@given(st.lists(st.tuples(st.lists(_ROWS, max_size=3), _QUESTIONS, _TOLD), min_size=1, max_size=5))
def test_each_answer_is_as_if_nothing_was_remembered(
    course: list[tuple[list[str], list[tuple[str, ...]], Telling]],
) -> None:
    _test_course(course)


def _test_course(course: list[tuple[list[str], list[tuple[str, ...]], Telling]]) -> None:
    kept = make()
    states: list[Known] = []
    for state, (code, questions, told) in enumerate(course):
        states.append(Known(*code))
        for texts in [*questions, *questions]:
            held = not states[-1].hashes.isdisjoint(hashes_of(texts))
            assert kept.hold_none(texts, state, states[-1], added_by(states, told)) == (not held)


def test_a_run_over_a_seam_is_compared() -> None:
    kept, known = make(), Known(CODE)
    first, second = "\n".join(LINES[:1]), "\n".join(LINES[2:3])
    assert kept.hold_none((first,), 0, known, nobody_knows)
    assert kept.hold_none((second,), 0, known, nobody_knows)
    assert not kept.hold_none((f"{first}\n{LINES[1]}\n{second}",), 0, known, nobody_knows)
    assert kept.hold_none((f"{first}\nother = 2\n{second}",), 0, known, nobody_knows)


@pytest.mark.parametrize("seam", range(1, 20))
def test_a_run_of_short_rows_is_whole_over_each_seam(seam: int) -> None:
    rows = [f"{letter}{letter}" for letter in "abcdefghijklmnopqrst"]
    known = Known("\n".join(rows[2:18]))  # of 16 tokens, the shortest run that is known again
    kept = make()
    assert kept.hold_none(("\n".join(rows[:seam][:17]),), 0, known, nobody_knows)
    assert kept.hold_none(("\n".join(rows[seam:][-17:]),), 0, known, nobody_knows)
    if 2 < seam < 18:
        assert not kept.hold_none(("\n".join(rows),), 0, known, nobody_knows)
        gone = [*rows[:seam], *rows[seam + 1 :]]
        assert kept.hold_none(("\n".join(gone),), 0, known, nobody_knows)


def test_only_what_is_new_is_compared_again() -> None:
    kept, known = make(), Known("nothing = of_that")
    rows = [f"value_{n} = {n} + step" for n in range(200)]
    assert kept.hold_none(("\n".join(rows),), 0, known, nobody_knows)
    whole, known.asked = known.asked, 0
    assert kept.hold_none(("\n".join(rows),), 0, known, nobody_knows)
    assert known.asked == 0
    assert kept.hold_none(
        ("\n".join([*rows[:100], "new = 1", *rows[100:]]),), 0, known, nobody_knows
    )
    assert 0 < known.asked < whole / 5


def test_a_seam_that_was_compared_is_known() -> None:
    kept, known = make(), Known("nothing = of_that")
    parts = ["\n".join(f"value_{n} = {n} + {part}" for n in range(30)) for part in "abc"]
    for text in (*parts, "\n".join(parts)):
        assert kept.hold_none((text,), 0, known, nobody_knows)
    known.asked = 0
    assert kept.hold_none(("\n".join([*parts[:2], *parts[1:]]),), 0, known, nobody_knows)
    assert 0 < known.asked < 200  # over the seam of the second part with itself
    known.asked = 0
    assert kept.hold_none(("\n".join([*parts[1:], ""]),), 0, known, nobody_knows)
    assert known.asked == 0


def test_where_nobody_knows_what_was_added_all_is_compared_anew() -> None:
    kept, known = make(), Known("nothing = of_that")
    assert kept.hold_none((CODE,), 0, known, nobody_knows)
    assert not kept.hold_none((CODE,), 1, Known(CODE), nobody_knows)
    assert kept.hold_none((CODE,), 2, known, nobody_knows)
    known.asked = 0
    assert kept.hold_none((CODE,), 3, known, nobody_knows)
    assert known.asked > 0


def test_what_was_compared_is_held_against_what_was_added() -> None:
    kept, known = make(), Known("nothing = of_that")
    assert kept.hold_none((CODE,), 0, known, nobody_knows)
    known.asked = 0
    assert kept.hold_none((CODE,), 1, known, nothing_added)
    assert kept.hold_none((CODE,), 2, known, lambda _: hashes_of(["a_much_longer = name"]))
    assert known.asked == 0
    part = Known("\n".join(LINES[3:6]))
    assert not kept.hold_none((CODE,), 3, part, lambda _: part.hashes)
    assert not kept.hold_none((CODE,), 4, part, nothing_added)
    assert kept.hold_none((CODE,), 5, known, nothing_added), "what is no longer under NDA"


def test_what_was_added_is_asked_for_once() -> None:
    kept, known, asked = make(), Known("nothing = of_that"), list[int]()

    def added(since: int) -> list[int]:
        asked.append(since)
        return []

    for state in (0, 0, 1, 1, 2):
        assert kept.hold_none((CODE,), state, known, added)
    assert asked == [0, 1]


def test_where_it_cannot_be_told_what_was_added_nothing_is_answered() -> None:
    kept, known = make(), Known("nothing = of_that")

    def fails(_: int) -> None:
        raise OSError

    assert kept.hold_none((CODE,), 0, known, fails)
    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 - it has no words
            kept.hold_none((CODE,), 1, Known(CODE), fails)
    assert not kept.hold_none((CODE,), 1, Known(CODE), lambda _: Known(CODE).hashes)


def test_what_held_code_or_failed_is_not_remembered() -> None:
    kept = make()

    def fails(_: array[int]) -> bool:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no words
        kept.hold_none((CODE,), 0, fails, nobody_knows)
    assert not kept.hold_none((CODE,), 0, Known(CODE), nobody_knows)
    assert not kept.hold_none((CODE,), 0, Known(CODE), nobody_knows)


def test_after_many_texts_their_rows_are_known_all_the_same() -> None:
    kept, known = make(), Known("nothing = of_that")
    rows = [f"value_{n} = {n} + step" for n in range(300)]
    text = "\n".join(rows)
    assert kept.hold_none((text,), 0, known, nobody_knows)
    known.asked = 0
    for row in rows:
        assert kept.hold_none((row,), 0, known, nobody_knows)
    assert kept.hold_none((text,), 0, known, nobody_knows)
    assert known.asked == 0
    assert len(kept._whole) < 300  # pyright: ignore[reportPrivateUsage]


@given(st.lists(st.tuples(st.lists(_ROWS, max_size=3), _QUESTIONS, _TOLD), min_size=1, max_size=5))
def test_each_answer_is_the_same_where_few_rows_are_kept(
    course: list[tuple[list[str], list[tuple[str, ...]], Telling]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twolane_server.border.compared._MOST_ROWS", 6)
        _test_course(course)


def test_after_many_rows_the_latest_are_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twolane_server.border.compared._MOST_ROWS", 100)
    kept, known = make(), Known("nothing = of_that")
    texts = ["\n".join(f"a_{part} = {n} + b_{part}" for n in range(30)) for part in range(5)]
    for text in texts:
        assert kept.hold_none((text,), 0, known, nobody_knows)
    known.asked = 0
    assert kept.hold_none((texts[4] + "\n",), 0, known, nobody_knows)
    assert known.asked == 0
    assert kept.hold_none((texts[0] + "\n",), 0, known, nobody_knows)
    assert known.asked > 0, "rows that are not kept are compared anew"


def test_what_is_added_is_held_against_rows_that_are_not_kept_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("twolane_server.border.compared._MOST_ROWS", 20)
    kept, known = make(), Known("nothing = of_that")
    assert kept.hold_none((CODE,), 0, known, nobody_knows)
    others = "\n".join(f"a_{n} = {n} + b_{n}" for n in range(30))
    for text in (others, others[9:], CODE):  # whose rows are gone, and it is known all the same
        assert kept.hold_none((text,), 0, known, nobody_knows)
    part = Known("\n".join(LINES[3:6]))
    assert not kept.hold_none((CODE,), 1, part, lambda _: part.hashes)


@pytest.mark.parametrize(
    "limits", [{"_MOST_ROWS"}, {"_MOST_HASHES"}, {"_MOST_ROWS", "_MOST_HASHES"}]
)
def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch, limits: set[str]) -> None:
    for most in limits:
        monkeypatch.setattr(f"twolane_server.border.compared.{most}", 10)
    kept, known = make(), Known(CODE)
    for number in range(50):
        row = f"a_name_of_{number} = [{number}, a_name_of_{number}, 1, 2, 3]"
        assert kept.hold_none((f"{row}\nb = 1\nc = 2\nd = 3",), 0, known, nobody_knows)
        assert len(kept._pieces) <= 50  # pyright: ignore[reportPrivateUsage]
        if "_MOST_HASHES" in limits:  # which stay when rows go
            assert len(kept._hashes) <= 50  # pyright: ignore[reportPrivateUsage]
    assert not kept.hold_none((CODE,), 0, known, nobody_knows)
