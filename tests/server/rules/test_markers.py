"""Markers in the head of a file."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.rules.markers import find_markers


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("# CONFIDENTIAL\n", "marker CONFIDENTIAL in line 1"),
        ("#!x\n# Company Confidential.\n", "marker CONFIDENTIAL in line 2"),
        ("\n\r\n\r/* Under NDA */", "marker NDA in line 4"),
        ("ACME_NDA = 1", "marker NDA in line 1"),
        ("// trade\n// secrets of", "marker TRADE SECRET in line 1"),
        ("# TRADE-SECRET", "marker TRADE SECRET in line 1"),
        ("# proprietary and confidential", "marker PROPRIETARY AND CONFIDENTIAL in line 1"),
        ("# CON\u200bFIDENTIAL", "marker CONFIDENTIAL in line 1"),
        ("# \uff2e\uff24\uff21", "marker NDA in line 1"),
        ("#\n# C O N F I D E N T I A L\n", "marker CONFIDENTIAL in line 2"),
        ("# T-R-A-D-E  S-E-C-R-E-T", "marker TRADE SECRET in line 1"),
        ("# under our N.D.A.\n", "marker NDA in line 1"),
        ("# \u0421\u041eNFID\u0415NTIAL", "marker CONFIDENTIAL in line 1"),
        ("# C\u0332ONFIDENTI\u00c1L", "marker CONFIDENTIAL in line 1"),
        ("# é\n" * 39 + "# NDA", "marker NDA in line 40"),
        ("x" * 4_000 + " NDA", "marker NDA in line 1"),
        ("\n" * 100 + "NDA", "marker NDA in line 101"),
    ],
)
def test_found(head: str, reason: str) -> None:
    assert find_markers(head) == (reason,)


@pytest.mark.parametrize(
    "head",
    [
        "panda = 1",
        "confidentiality",
        "for n d a in x",
        "self.n.d.a",
        "n, d, a",
        "f(n-d-a)",
        "self.N.D.A",
        "x_N D A",
        "# line of some length here\n" * 200 + "# NDA",
        "x" * 70_000,
    ],
)
def test_not_found(head: str) -> None:
    assert find_markers(head) == ()


def test_own_markers_come_on_top() -> None:
    assert find_markers("# internal  only, NDA", ("Internal Only",)) == (
        "marker Internal Only in line 1",
        "marker NDA in line 1",
    )


@given(st.text(), st.lists(st.text(min_size=1, max_size=9).filter(str.strip), max_size=4))
def test_any_text_can_be_looked_at_and_own_markers_only_add(text: str, own: list[str]) -> None:
    assert len(find_markers(text, tuple(own))) >= bool(find_markers(text))


def test_a_large_text_costs_no_more_than_its_head() -> None:
    text = "é = 1  # some line of code\n" * 200_000
    start = time.process_time()
    for _ in range(20):
        find_markers(text)
    assert (time.process_time() - start) / 20 < 0.01


_OWN = st.one_of(
    st.text(min_size=1, max_size=9).filter(str.strip), st.sampled_from(["In out", "+"])
)
_LINES = st.sampled_from(
    ["NDA", "calendar", "trade", "secrets", "in-OUT", "+", "\r", "\n" * 39, "é"]
)


@given(st.lists(_LINES, max_size=6), st.lists(_OWN, max_size=3))
def test_a_head_without_the_words_of_a_marker_is_told_at_once(
    lines: list[str], own: list[str]
) -> None:
    text = "\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twolane_server.rules.markers._may_hold", _perhaps)
        slowly = find_markers(text, tuple(own))
    assert find_markers(text, tuple(own)) == slowly


def _perhaps(_text: str, _markers: tuple[str, ...]) -> bool:
    return True


def test_no_more_of_a_text_than_its_head_is_kept() -> None:
    """An editor's text is another one with each key."""
    tracemalloc.start()
    try:
        for number in range(100):
            assert find_markers(f"{number}\n" + "x = 1\n" * 50_000) == ()
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
