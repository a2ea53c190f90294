from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from twolane_server.edits.plain import harmful, plain


def test_line_breaks_become_line_feeds() -> None:
    assert plain("a\r\nb\rc\u2028d\u2029e\x85f\vg\fh") == "a\nb\nc\nd\ne\nf\ng\nh"


def test_what_is_no_text_goes() -> None:
    assert plain("\ufeffa\x00b\ud800c\u202ed\x1be\u2066") == "abcde"


def test_tabs_and_composition() -> None:
    assert plain("\ta\u0308") == "    ä"


@given(st.text(alphabet=st.characters(), max_size=100))
def test_the_result_can_be_written_and_stays(text: str) -> None:
    once = plain(text)
    once.encode()
    assert plain(once) == once
    assert not re.search("[\r\v\f\x85\u2028\u2029\x00\ufeff\u202e]", once)


def test_harmful_code() -> None:
    assert harmful("x = 1\r\n\ty\f\r") == set()
    assert harmful("x\x00y\u2028\u202e\ud800\x85") == {"\x00", "\u2028", "\u202e", "\ud800", "\x85"}
