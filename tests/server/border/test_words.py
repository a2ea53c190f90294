"""Names that must not leave, in any spelling."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.words import find_word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Acme Corp", "from acme_corp import x"),
        ("Acme Corp", "class AcmeCorp: ..."),
        ("Acme Corp", "ACMECORP_KEY = 1"),
        ("Acme Corp", "the acme-corp client"),
        ("Acme Corp", "# for Acme\n#   Corp"),
        ("Acme Corp", "myacmecorporation"),
        ("AcmeCorp", "acme corp"),
        ("acmecorp", "Acme Corp"),
        ("acmecorp", "useAcmeCorp()"),
        ("acme", "a.c.m.e"),
        ("acme", "ac\u200bme"),
        ("acme", "a\u00adc\ufe0fm\u2060e"),
        ("acme", "\uff21\uff23\uff2d\uff25"),
        ("acme", "ácmé"),
        ("Café Zürich", "cafe\u0301_zurich"),
        ("Straße", "STRASSE"),
        ("ismail", "\u0130SMA\u0131L"),
        ("IBM", "ibm_client"),
        ("IBM", "useIBMClient()"),
        ("IBM", "IBMclient"),
        ("IBM", "the IBM2 box"),
        ("S3", "s3_bucket"),
        ("S3", "S3Client"),
        ("客户", "我的客户项目"),
        ("\U0001f98a", "# by \U0001f98a"),
        ("C++", "x = c + 1"),
        ("project-x2", "ProjectX2"),
    ],
)
def test_a_name_is_found_however_it_is_written(word: str, text: str) -> None:
    assert find_word(text, ["nothing", word]) == word


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Acme Corp", "acme core"),
        ("acme", "mac mention"),
        ("acme", "pac me"),
        ("IBM", "albmin bibmer"),
        ("S3", "is32 s33"),
        ("abc", "xabcx"),
        ("", "anything"),
        ("  ", "any thing"),
        ("\u200b", "any\u200bthing"),
        ("\U0001f98a", "a fox"),
    ],
)
def test_what_is_not_the_name_is_left_alone(word: str, text: str) -> None:
    assert find_word(text, [word]) is None


def test_the_first_word_that_is_there_is_told_as_it_was_given() -> None:
    assert find_word("globex and ACME", ["Initech", "Acme", "Globex"]) == "Acme"
    assert find_word("", ["Acme"]) is None
    assert find_word("text", []) is None


LETTERS = st.text(st.characters(categories=["Lu", "Ll"]), min_size=4, max_size=8)
ASCII = st.text(string.ascii_lowercase, min_size=2, max_size=6)
GAP = st.text(st.sampled_from(" _-./\\\n\t#*:\"'\u00a0\u2028\ufffd"), min_size=1, max_size=4)
INVISIBLE = st.sampled_from(["", "", "\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff", "\ufe0f"])
CASING = st.sampled_from([str.upper, str.lower, str.title, str.swapcase, str.casefold])


@given(st.text(), LETTERS, CASING, st.text())
def test_any_casing_of_a_long_name_is_found_anywhere(
    before: str, word: str, casing: object, after: str
) -> None:
    assert callable(casing)
    assert find_word(f"{before}{casing(word)}{after}", [word]) == word


@given(st.data(), st.text(), st.lists(ASCII, min_size=2, max_size=4), st.text())
def test_any_joining_of_a_names_parts_is_found(
    data: st.DataObject, before: str, parts: list[str], after: str
) -> None:
    word = " ".join(parts)
    join = st.one_of(st.just(""), GAP)
    spelled = "".join(
        "".join(c + data.draw(INVISIBLE) for c in data.draw(CASING)(part)) + data.draw(join)
        for part in parts
    )
    short = sum(map(len, parts)) < 4
    gap = data.draw(GAP) if short else ""
    assert find_word(f"{before}{gap}{spelled}{gap}{after}", [word]) == word


@given(st.text(), st.text(string.ascii_lowercase, min_size=1, max_size=3), CASING, st.text())
def test_a_short_name_is_found_as_a_word_of_its_own(
    before: str, word: str, casing: object, after: str
) -> None:
    assert callable(casing)
    assert find_word(f"{before}_{casing(word)}-{after}", [word]) == word


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_and_any_word_give_an_answer(text: str, words: list[str]) -> None:
    assert find_word(text, words) in {None, *words}
