"""What is looked for in a body: each time in all of it, and in the same text only once."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.searches import Searches
from twolane_server.border.unwrapped import unwrapped
from twolane_server.border.wire import encode

TOKEN = "ghp_" + "".join("aB3dE5gH7jK9mN1pQ2sT4vW6yZ8"[at % 27] for at in range(5, 41))
WORDS = ("Initech", "Hooli")
PIECE = st.sampled_from(["plain", "for Initech", "class HooliClient", TOKEN, "zeta", "", "é\0"])


class Prints:
    """Knows one word as code under NDA, and counts the questions."""

    def __init__(self, known: str = "zeta") -> None:
        self.known, self.asked = known, 0

    def whole(self, text: str) -> str | None:
        del text
        return None

    def found(self, *texts: str) -> str | None:
        self.asked += 1
        return f"{self.known} is known" if any(self.known in each for each in texts) else None


def _body(*said: str, model: str = "m") -> bytes:
    return encode(model, [("user", each) for each in said], max_tokens=9, temperature=0)


@given(st.lists(st.lists(PIECE, max_size=3), min_size=1, max_size=12), st.sampled_from(["m", "n"]))
def test_what_is_remembered_is_what_is_found_anew(asked: list[list[str]], model: str) -> None:
    kept, prints = Searches(), Prints()
    for said in asked * 2:
        body, new = _body(*said, model=model), Searches()
        assert kept.word(body, WORDS) == new.word(body, WORDS)
        assert kept.secret(body) == new.secret(body)
        assert kept.nda_code(body, prints) == new.nda_code(body, prints)
        assert kept.objection(body, WORDS, prints) == new.objection(body, WORDS, prints)


@pytest.mark.parametrize("place", ["model", "message"])
def test_each_search_reads_the_models_name_and_the_messages(place: str) -> None:
    def told(text: str) -> bytes:
        return _body("x", model=text) if place == "model" else _body(text)

    assert "Initech" in (Searches().word(told("initech-7b"), WORDS) or "")
    assert "github" in (Searches().secret(told(TOKEN)) or "")
    assert Searches().nda_code(told("zeta-7b"), Prints()) == "zeta is known"


@pytest.mark.parametrize(
    "spelled",
    [
        *("Acme%20Corp", "acme%2Dcorp", "Acme&nbsp;Corp", "Soci&eacute;t&#233;", r"Acme\x20Corp"),
        *(r"\u0041cme Corp", r"Acme\nCorp", "soci%C3%A9t%C3%A9", r"Soci\u00e9t\u00e9"),
        *(b64encode(b"it was sold to Acme Corp").decode(), b"sold to Acme Corp".hex()),
    ],
)
def test_a_word_is_found_however_it_is_encoded(spelled: str) -> None:
    body = _body(f"def shop():\n    return '{spelled}'\n")
    assert "must not leave" in (Searches().word(body, ("Acme Corp", "Société")) or "")
    assert Searches().word(body, ("Initech",)) is None


def test_other_words_and_other_code_are_looked_for_in_a_text_that_was_clean() -> None:
    searches, body = Searches(), _body("for Initech with zeta")
    assert searches.objection(body, ("Hooli",), Prints("eta9")) is None
    assert "Initech" in (searches.objection(body, ("Initech",), Prints("eta9")) or "")
    assert searches.objection(body, ("Hooli",), Prints()) == "zeta is known"


def test_code_under_nda_is_asked_for_each_time_since_it_may_have_become_so_meanwhile() -> None:
    searches, prints, body = Searches(), Prints(), _body("x")
    assert searches.nda_code(body, prints) is None
    once = prints.asked
    assert searches.nda_code(body, prints) is None
    assert prints.asked == 2 * once > 0
    assert searches.nda_code(body, None) is None


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were read for secrets."""
    read: list[str] = []

    def find(text: str, unwrap: object) -> str | None:
        del unwrap
        read.append(text)
        if len(read) == 1:
            raise RuntimeError("the scanner is not ready")
        return None

    monkeypatch.setattr("twolane_server.border.searches.find_secret", find)
    return read


def test_a_search_that_failed_is_made_again_and_one_that_did_not_is_not(counted: list[str]) -> None:
    searches = Searches()
    assert "failed" in (searches.secret(_body("x")) or "")
    assert searches.secret(_body("x")) is None
    tries = len(counted)
    assert searches.secret(_body("x")) is None
    # Nor because the server calls the model by another name, but for that name.
    assert searches.secret(_body("x", model="vendor/m")) is None
    assert len(counted) == tries + 1


def test_a_text_is_unwrapped_once_for_all_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> tuple[str, ...]:
        read.append(text)
        return unwrapped(text)

    monkeypatch.setattr("twolane_server.border.searches.unwrapped", counted)
    searches = Searches()
    for _ in range(2):
        assert searches.objection(_body("x = 1"), WORDS, Prints()) is None
    assert len(read) == len(set(read)) > 0
    hidden = TOKEN.encode().hex()
    assert "github" in (searches.secret(_body(f"key = {hidden}")) or "")
