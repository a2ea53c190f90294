"""Findings stay with their lines while the text changes, or are gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twolane_context.spans import Span
from twolane_server.actions.outcomes import Edit, Finding
from twolane_server.findings import Board, moved
from twolane_server.text import Text

TEXT = "one\ntwo 😀\nthree\n"
TWO = Finding(Span(4, 12), "Hm.", fix=Edit(Span(4, 12), "2"))


def _moved(new: str) -> str | None:
    now = moved(TWO, TEXT.encode(), new.encode())
    if now is None:
        return None
    assert now.fix is not None
    assert now.fix.span == now.span
    return now.span.cut(new.encode()).decode()


def test_what_is_typed_elsewhere_moves_it() -> None:
    for new in (
        f"zero\n{TEXT}",
        TEXT.replace("one", "one and a half é"),
        TEXT.replace("three", "3"),
        TEXT.replace("one\n", ""),
        TEXT.replace("one\n", "one\n\n"),
        TEXT.replace("three", "more\nthree"),
        TEXT,
    ):
        assert _moved(new) == "two 😀", new


def test_what_is_typed_in_its_line_takes_it_away() -> None:
    for new in (
        TEXT.replace("two", "to"),
        TEXT.replace("two", " two"),
        TEXT.replace("😀", "😀 "),
        TEXT.replace("one\n", "one"),
        TEXT.replace("two 😀\n", "two 😀"),
        TEXT.replace("two 😀\n", ""),
        "",
    ):
        assert _moved(new) is None, new


@given(
    st.lists(st.sampled_from(["a", "b", "", "é😀", "a"]), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_a_finding_that_stays_is_at_the_same_whole_lines(
    lines: list[str], eol: str, data: st.DataObject
) -> None:
    text = Text.of(eol.join(lines))
    row = data.draw(st.integers(0, len(lines) - 1))
    start = text.row_start(row)
    span = Span(start, start + len(lines[row].encode()))
    finding = Finding(span, "Hm.")
    end = len(str(text))
    at = sorted(data.draw(st.tuples(st.integers(0, end), st.integers(0, end))))
    typed = data.draw(st.sampled_from(["", "x", eol, f"x{eol}", f"{eol}x", "\n", "\r"]))
    new = Text.of(str(text)[: at[0]] + typed + str(text)[at[1] :])
    now = moved(finding, text.source, new.source)
    if now is not None:
        assert now.span.cut(new.source) == span.cut(text.source)
        before, behind = new.source[: now.span.start], new.source[now.span.end :]
        assert not before or before[-1:] in (b"\n", b"\r")
        assert not behind or behind[:1] in (b"\n", b"\r") or now.span.end == now.span.start


def test_a_review_takes_the_place_of_an_older_one_of_the_same_lines() -> None:
    board, text = Board(), Text.of(TEXT)
    other = Finding(Span(13, 18), "Ha.")
    board.put("u", (TWO, other), Span(0, len(text.source)))
    numbers = [one.number for one in board.of("u")]
    board.put("u", (TWO,), Span(4, 12))
    assert [one.finding for one in board.of("u")] == [TWO, other]
    assert board.of("u")[0].number not in numbers
    assert board.of("u")[1].number == numbers[1]
    assert not board.follow("u", text, Text.of(TEXT + "four\n"))
    assert board.follow("u", text, Text.of(TEXT.replace("two", "2")))
    assert [one.finding.message for one in board.of("u")] == ["Ha."]
    board.clear("u")
    assert (board.of("u"), board.uris) == ((), ())
