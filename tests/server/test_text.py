"""Positions must not drift: a text edited 100,000 times equals a plain string edited as often."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_context.spans import Span
from twolane_server.text import Text, decode, encode, split_lines

# Everything that ends a line for someone, and everything that is more than a byte for someone.
PIECES = (
    *("\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r"),
    *("\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"),
    *("\ufeff", "é", "e\u0301", "漢", "😀", "\ud83d", "\ude00", "\x00"),
    *("a", "bc", "  ", "\t", "def f():"),
)
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join) | st.text()


def lines_of(text: str) -> tuple[str, ...]:
    """The reference, written another way than the code under test."""
    parts = re.split(r"(\r\n|\r|\n)", text)
    return (*("".join(pair) for pair in zip(parts[:-1:2], parts[1::2], strict=True)), parts[-1])


def offset_of(lines: tuple[str, ...], row: int, column: int) -> int:
    return sum(len(line) for line in lines[:row]) + column


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ("",)),
        ("a", ("a",)),
        ("a\n", ("a\n", "")),
        ("a\r\nb\rc\nd", ("a\r\n", "b\r", "c\n", "d")),
        ("\r\r\n\n", ("\r", "\r\n", "\n", "")),
        ("a\fb\vc\x85d\u2028e\u2029f\x1cg\n", ("a\fb\vc\x85d\u2028e\u2029f\x1cg\n", "")),
    ],
)
def test_only_lf_crlf_and_cr_end_a_line(text: str, lines: tuple[str, ...]) -> None:
    assert split_lines(text) == lines


@given(TEXTS)
def test_lines_join_to_the_text(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert lines == lines_of(text)
    assert str(Text.of(text)) == text


@given(TEXTS)
def test_any_text_survives_utf8(text: str) -> None:
    assert decode(encode(text)) == text
    assert Text.of(text).source == encode(text)


def test_100_000_random_edits_do_not_drift() -> None:
    rng = random.Random(20_250_101)  # noqa: S311 - a seed, so that a failure can be repeated
    text, reference = Text.of(""), ""
    lines = lines_of(reference)
    for step in range(100_000):
        start, end = sorted(_position(rng, lines) for _ in range(2))
        if len(reference) < 200 and rng.random() < 0.6:
            end = start
        new = "".join(rng.choices(PIECES, k=rng.choice((0, 1, 1, 2, 4))))
        text = text.spliced(start, end, new)
        reference = (
            reference[: offset_of(lines, *start)] + new + reference[offset_of(lines, *end) :]
        )
        lines = lines_of(reference)
        assert text.lines == lines, f"step {step}: {start}..{end} became {new!r}"


def _position(rng: random.Random, lines: tuple[str, ...]) -> tuple[int, int]:
    row = rng.randrange(len(lines))
    return row, rng.randint(0, len(lines[row].rstrip("\r\n")))


@given(TEXTS)
def test_rows_and_offsets_agree(text: str) -> None:
    document = Text.of(text)
    place = 0
    for row, line in enumerate(lines_of(text)):
        assert document.row_start(row) == place
        size = len(encode(line))
        for offset in range(place, place + size):
            assert document.row_of(offset) == row
        place += size
    last = len(document.lines) - 1
    assert document.row_of(place) == document.row_of(place + 9) == last
    assert document.row_start(last + 1) == document.row_start(last + 9) == place
    assert document.row_start(-1) == 0


@given(TEXTS, st.data())
def test_cut_and_replaced_speak_of_the_same_bytes(text: str, data: st.DataObject) -> None:
    document = Text.of(text)
    places = sorted(
        data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4), label="places")
    )
    first, second = Span(*_bytes(text, *places[:2])), Span(*_bytes(text, *places[2:]))
    new = data.draw(TEXTS, label="new")
    assert document.cut(first) == text[places[0] : places[1]]
    expected = text[: places[0]] + new + text[places[1] : places[2]] + "x" + text[places[3] :]
    assert str(document.replaced([(first, new), (second, "x")])) == expected
    assert document.replaced([(first, new), (second, "x")]).lines == lines_of(expected)
    assert document.replaced([]) == document


def _bytes(text: str, start: int, end: int) -> tuple[int, int]:
    return len(encode(text[:start])), len(encode(text[:end]))


def test_edits_may_come_in_any_order() -> None:
    edits = [(Span(2, 3), "C"), (Span(0, 1), "A"), (Span(1, 1), "+")]
    assert str(Text.of("abc").replaced(edits)) == "A+bC"


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap at byte 1"):
        Text.of("abc").replaced([(Span(0, 2), ""), (Span(1, 3), "")])


def test_a_span_through_a_character_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        Text.of("é").cut(Span(0, 1))


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((-1, 4), (0, 0)),
        ((0, -1), (0, 0)),
        ((0, 1), (0, 1)),
        ((0, 9), (0, 2)),
        ((1, 9), (1, 2)),
        ((2, 9), (2, 1)),
        ((7, 0), (2, 1)),
    ],
)
def test_a_position_outside_is_moved_inside(asked: tuple[int, int], given: tuple[int, int]) -> None:
    assert Text.of("ab\r\ncd\nx").clamped(*asked) == given


def test_a_text_does_not_show_itself() -> None:
    assert "secret" not in repr(Text.of("secret"))
