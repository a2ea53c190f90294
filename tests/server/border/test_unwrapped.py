"""What is found by a faster way is what a simple search finds."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from twolane_server.border import unwrapped as module
from twolane_server.border.decoded import may_be_parted, places_of_letters
from twolane_server.border.unwrapped import unwrapped

_SIGNS = [*"aZ09+/_-=\"'`\\%&;#x. \t\r\n,:r", "\xe9", "\u4e00", "\U0001f600", "\ud800", "\0"]
_PARTS = [
    "ab" * 12,
    "c+/_" * 6,
    "4f",
    "4F3a",
    "%41",
    "&amp;",
    "&#65;",
    "' '",
    '"\\\n  "',
    " 4f",
    "  ",
]
TEXTS = st.lists(st.sampled_from(_SIGNS + _PARTS), max_size=40).map("".join) | st.text()
_RUN = re.compile(r"[A-Za-z0-9+/_-]{24,}")
_HEX = re.compile(r"[0-9A-Fa-f]{2}[ :-][0-9A-Fa-f]{2}(?:[0-9A-Fa-f]{2})?[ :-] ?[0-9A-Fa-f]{2}")
_WRAPPED = re.compile(
    r"([\"'`])[ \t]*(?:[+.&]|\.\.)?[ \t]*(?:\\?\r?\n[ \t]*)?(?:[+.&][ \t]*)?[rbfu]?\1"
    r"|\\+|%[0-9A-Fa-f]{2}|&(?:#\w{1,8}|[A-Za-z][A-Za-z0-9]{1,8});|[^\x00-\x7f]+"
)


@given(TEXTS)
@example("a" * 23 + "\xe9" + "b" * 24)
def test_long_runs_of_letters_are_found_where_they_are(text: str) -> None:
    found = [text[start:end] for start, end in places_of_letters(text.encode("ascii", "replace"))]
    assert found == _RUN.findall(text)


@given(TEXTS)
def test_all_signs_of_a_wrapping_are_found_where_they_are(text: str) -> None:
    found = [each.span() for each in module._WRAPPING.finditer(text)]  # pyright: ignore[reportPrivateUsage]
    assert found == [each.span() for each in _WRAPPED.finditer(text)]


@given(TEXTS)
@example("4f 3a  4f")
def test_where_hexadecimal_in_parts_may_be_is_told_at_once(text: str) -> None:
    assert may_be_parted(text.encode("ascii", "replace")) >= bool(_HEX.search(text))


@given(TEXTS)
def test_any_text_is_the_first_of_its_forms(text: str) -> None:
    plain = text.replace("\0", "\n")
    assert unwrapped(text)[0] == plain


def lines_around(text: str) -> list[str]:
    """The lines around each wrapping, with what stands 80 characters before and behind; joined where they meet."""
    made: list[tuple[int, int]] = []
    for found in _WRAPPED.finditer(text):
        first, last = made[-1] if made else (0, 0)
        start = max(text.rfind("\n", 0, max(last, found.start() - 80)) + 1, last)
        end = text.find("\n", found.end() + 80)
        end = len(text) if end < 0 else end
        if made and found.start() < last:
            made[-1] = (first, end)
        else:
            made.append((start, end))
    return [text[start:end] for start, end in made]


FAR = st.sampled_from(["a" * 79, "b" * 80, "c " * 60, "\n", "\n\n"])


@given(st.lists(FAR | st.sampled_from(_SIGNS + _PARTS), max_size=30).map("".join))
def test_the_neighbourhood_of_what_is_wrapped_is_whole_lines(text: str) -> None:
    found = list(module._neighbourhoods(text))  # pyright: ignore[reportPrivateUsage]
    assert found == lines_around(text)
