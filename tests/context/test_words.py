"""The words of a file: its identifiers, found without a grammar."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twolane_context.names import WORD, words


def test_words_are_the_identifiers_each_once() -> None:
    source = "é = a_1 + a_1\n# 3 x2, 0x1f 2x2 10\t(b)".encode()
    assert words(source) == b"\n".join([b"", "é".encode(), b"a_1", b"x2", b"b", b"x1f", b""])


def test_a_file_without_identifiers_has_no_words() -> None:
    assert words(b"") == words(b"1 + 2 ; 33") == b"\n"


@given(st.binary() | st.text("aé_Z09 .\n\x85").map(str.encode))
def test_words_are_what_the_pattern_finds(source: bytes) -> None:
    found = words(source).split(b"\n")
    assert found[0] == found[-1] == b""
    assert sorted(found[1:-1]) == sorted(set(WORD.findall(source)))
