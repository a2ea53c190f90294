"""The bytes of a request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.border.wire import encode, texts

ANY_TEXT = st.text(st.characters())  # lone surrogates included


def test_a_body_holds_what_an_answer_needs_and_nothing_else() -> None:
    body = encode("m", [("system", "a"), ("user", "é\n")], max_tokens=7, temperature=0.0)
    assert body.decode() == (
        '{"model":"m","messages":[{"role":"system","content":"a"},'
        '{"role":"user","content":"é\\n"}],"max_tokens":7,"temperature":0.0,"stream":true,'
        '"stream_options":{"include_usage":true}}'
    )
    stopped = encode("m", [], max_tokens=7, temperature=0.5, stop=["```"])
    assert json.loads(stopped)["stop"] == ["```"]
    salted = encode("m", [], max_tokens=7, temperature=0.5, cache_salt="s")
    assert json.loads(salted)["cache_salt"] == "s"


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    body = encode("m", [("user", "a\ud800b\udc00c")], max_tokens=1, temperature=0)
    assert json.loads(body)["messages"][0]["content"] == "a\ufffdb\ufffdc"


def test_the_halves_of_a_pair_become_one_character() -> None:
    body = encode("m", [("user", "\ud83e\udd8a")], max_tokens=1, temperature=0)
    assert json.loads(body)["messages"][0]["content"] == "\U0001f98a"


def test_a_temperature_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode("m", [], max_tokens=1, temperature=float("nan"))


@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=4), st.lists(ANY_TEXT, max_size=2))
def test_every_text_can_be_sent_and_read_back(
    model: str, messages: list[str], stop: list[str]
) -> None:
    turns = [("user", text) for text in messages]
    body = encode(model, turns, max_tokens=1, temperature=0.2, stop=stop)
    assert body == encode(model, turns, max_tokens=1, temperature=0.2, stop=stop)
    assert [turn["content"].count("\x00") for turn in json.loads(body)["messages"]] == [
        text.count("\x00") for text in messages
    ]
    for text in [model, *messages, *stop]:
        if not any("\ud800" <= c <= "\udfff" for c in text):
            assert text in "\n".join(texts(body))


def test_bytes_that_are_no_body_are_told() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        texts(b"{")
    with pytest.raises(ValueError, match="utf-8"):
        texts(b'"\xff"')
    assert texts(b'["x", {"y": "z"}]') == ("", "x\ny\nz")


def test_a_prompt_is_the_same_text_by_whichever_name_its_model_is_called() -> None:
    one, other = (encode(m, [("user", "x")], max_tokens=1, temperature=0) for m in ("a", "b"))
    assert one != other
    assert texts(one)[1] == texts(other)[1]
    assert texts(one)[0] == "a"
