"""One spelling for what looks the same."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.folding import folded, latin

SPECIAL = "\u0131\u0345\u115f\u1160\u3164\uffa0"
EVERY = st.text(st.characters(exclude_characters=SPECIAL))


def one_by_one(text: str) -> str:
    whole = unicodedata.normalize("NFKD", text)
    return "".join(c for c in whole if unicodedata.category(c) not in {"Mn", "Me", "Cf"})


@given(EVERY | st.lists(EVERY).map("e".join))
def test_accents_width_and_what_nobody_sees_are_gone(text: str) -> None:
    assert folded(text) == one_by_one(text)


def test_letters_without_a_case_mapping_and_fillers() -> None:
    assert folded(SPECIAL) == "i\u03b9"
    assert latin(f"a{SPECIAL}b") == "aiib"


@given(st.text())
def test_a_double_is_one_character(text: str) -> None:
    assert len(latin(text)) == len(folded(text))
    assert latin(text) == "".join(map(latin, folded(text)))


def test_doubles_of_ascii() -> None:
    assert latin("\u0441l\u0430ss \u2018x\u2019 \uff53elf \u2014") == 'class "x" self -'
