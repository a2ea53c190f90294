"""Findings stay with their lines while the text changes, or are gone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twolane_context.spans import Span
from twolane_server.actions.outcomes import Edit, Finding, Reviewed
from twolane_server.findings import Board, carried, moved, unmarked
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


_ROWS = st.lists(st.sampled_from(["a", "b", "", "é😀", "c"]), min_size=1, max_size=7)


@given(_ROWS, _ROWS, st.sampled_from(["\n", "\r\n"]), st.data())
def test_a_finding_that_is_carried_is_at_the_same_whole_lines(
    old: list[str], new: list[str], eol: str, data: st.DataObject
) -> None:
    before, after = Text.of(eol.join(old)), Text.of(eol.join(new))
    first, last = sorted(
        data.draw(st.tuples(st.integers(0, len(old) - 1), st.integers(0, len(old) - 1)))
    )
    span = Span(before.row_start(first), before.row_start(last) + len(old[last].encode()))
    whole = Span(span.start, before.row_start(last + 1))
    finding = Finding(span, "Hm.", fix=Edit(whole, ""))
    (now,) = carried([finding], before, after)
    if old == new:
        assert now == finding
    if now is not None:
        assert now.fix is not None
        row = after.row_of(now.span.start)
        assert now.span.start == after.row_start(row)
        assert after.lines[row : row + last - first + 1] == before.lines[first : last + 1]
        assert now.fix.span.cut(after.source) == whole.cut(before.source)


def test_lines_that_changed_in_several_places_keep_what_is_between() -> None:
    old = Text.of("".join(f"{n}\n" for n in range(30)))
    new = Text.of(str(old).replace("5\n", "five\nand more\n", 1).replace("20\n", ""))
    at = [
        Finding(Span(old.row_start(n), old.row_start(n) + len(str(n))), str(n)) for n in range(30)
    ]
    kept = [one for one in carried(at, old, new) if one is not None]
    assert set(range(30)) - {int(one.message) for one in kept} == {5, 20}
    assert all(new.cut(one.span) == one.message for one in kept)


def test_a_file_that_is_opened_takes_its_findings_along() -> None:
    board = Board()
    board.put("file:///x%2Ey", (TWO,), Span(0, 1))
    board.rest("file:///x%2Ey", "/x.y", Text.of(TEXT))
    assert board.text_of("file:///x%2Ey") == Text.of(TEXT)
    assert board.wake("file:///x.y", "/other", Text.of(TEXT)) is None
    assert board.wake("file:///x.y", "/x.y", Text.of(f"zero\n{TEXT}")) == "file:///x%2Ey"
    assert board.uris == ("file:///x.y",)
    (one,) = board.of("file:///x.y")
    assert one.finding.span == Span(9, 17)
    assert board.resting("/x.y") is None


def test_findings_of_a_file_with_a_byte_order_mark_are_where_an_editor_has_them() -> None:
    text = Text.of("\ufeffé = 1\nb = 2\n")
    whole = Span(0, 9)
    found = (Finding(whole, "Odd.", fix=Edit(whole, "\ufeffé = 2")), Finding(Span(10, 15), "No."))
    one = unmarked(Reviewed("/a.py", "a.py", text, found, (Span(0, 16),)))
    assert str(one.text) == "é = 1\nb = 2\n"
    assert [one.text.cut(each.span) for each in one.found] == ["é = 1", "b = 2"]
    assert one.found[0].fix == Edit(Span(0, 6), "é = 2")
    assert one.spans == (Span(0, 13),)
    assert unmarked(one) is one
