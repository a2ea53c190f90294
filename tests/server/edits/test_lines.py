from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.edits.lines import (
    eol_near,
    evident_width,
    indent_unit,
    indentation,
    line_end,
    line_start,
    next_line,
)
from twolane_server.text import Text


@given(st.text(alphabet="ab\r\n é\u2028", max_size=30), st.integers(0, 40))
def test_lines_agree_with_the_engine_s(content: str, offset: int) -> None:
    text = Text.of(content)
    offset = min(offset, len(text.source))
    row = text.row_of(offset)
    start = text.row_start(row)
    assert line_start(text.source, offset) == start
    if text.source[max(offset - 1, 0) : offset + 1] != b"\r\n":
        ends = start + len(text.lines[row].rstrip("\r\n").encode())
        assert line_end(text.source, offset) == ends
        assert next_line(text.source, offset) == text.row_start(row + 1)


@pytest.mark.parametrize(
    ("source", "offset", "expected"),
    [
        (b"a\r\nb\nc", 0, "\r\n"),
        (b"a\r\nb\nc", 3, "\n"),
        (b"a\r\nb\nc", 5, "\n"),
        (b"a\rb", 0, "\r"),
        (b"a\rb", 2, "\r"),
        (b"a", 0, "\n"),
        (b"", 0, "\n"),
    ],
)
def test_the_line_ending_around(source: bytes, offset: int, expected: str) -> None:
    assert eol_near(source, offset) == expected


def test_indentation() -> None:
    assert indentation(b"a\n \tb", 4) == b" \t"
    assert indentation(b"a\n xb", 4) is None
    assert indentation(b"", 0) == b""


@pytest.mark.parametrize(
    ("source", "unit"),
    [
        (b"", "    "),
        (b"a\n  b\n    c\nd", "  "),
        (b"a\n    b\n        c\n", "    "),
        (b"a\n\tb\n\t\tc\n", "\t"),
        (b"a\r\n\tb\r\n", "\t"),
        (b"a\n    b\n \n\n    c\n", "    "),
    ],
)
def test_the_unit_of_indentation(source: bytes, unit: str) -> None:
    assert indent_unit(source) == unit


@pytest.mark.parametrize(
    ("longest", "width"), [(40, 88), (76, 79), (79, 79), (84, 88), (95, 100), (120, 88)]
)
def test_the_evident_width(longest: int, width: int) -> None:
    assert evident_width(b"x = 1\n" * 40 + b"x" * longest) == width


def test_few_lines_tell_no_width() -> None:
    assert evident_width(b"x" * 79) == 88


def test_the_evident_width_is_of_characters() -> None:
    assert evident_width(b"x = 1\n" * 40 + "é".encode() * 90) == 100
    assert evident_width("é".encode() * 40 + b"\n" + b"x = 1\n" * 40) == 88


_WIDE = st.sampled_from([0, 1, 40, 72, 73, 79, 80, 88, 89, 100, 101, 300])
_SIGN = st.sampled_from([b"x", "é".encode(), b"\xff", b"\xe2\x82", b"\x0c"])
_LINE_END = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n"])
_LINES = st.lists(st.tuples(_SIGN, _WIDE, _LINE_END), max_size=9)


@given(_LINES, st.sampled_from([28, 29, 30]))
def test_the_evident_width_is_the_least_that_holds_the_usual_lines(
    some: list[tuple[bytes, int, bytes]], few: int
) -> None:
    source = b"".join(sign * wide + end for sign, wide, end in some) + b"x = 1\n" * few
    lengths = [len(line.decode("utf-8", "replace")) for line in source.splitlines() if line]
    longest = max(length for length in lengths if length <= 100)
    plain = next(wide for wide in (79, 88, 100) if longest <= wide)
    expected = plain if len(lengths) >= 30 and longest >= 73 else 88
    assert evident_width(source) == expected
