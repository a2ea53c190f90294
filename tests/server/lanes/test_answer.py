"""When an answer is whole, and what its counts say."""

from __future__ import annotations

import json

import pytest

from twolane_server.errors import AnswerIncomplete
from twolane_server.lanes.answer import Answer, usage_of
from twolane_server.lanes.base import Usage

PRIVATE = "def very_private_name(): ..."


def chunk(text: object = None, finish: object = None, **more: object) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return json.dumps({"choices": [choice]} | more)


def test_a_whole_answer() -> None:
    answer = Answer("h")
    texts = [answer.take(data) for data in (chunk("a", model="m"), chunk("b"), chunk(None, "stop"))]
    assert texts == ["a", "b", ""]
    answer.take('{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}')
    answer.take(" [DONE]")
    assert answer.done
    last = answer.last()
    assert (last.text, last.finish, last.model, last.usage) == ("", "stop", "m", Usage(7, 2))


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_every_reason_is_handed_on(reason: str) -> None:
    answer = Answer("h")
    answer.take(chunk("a", reason))
    assert answer.last().finish == reason


@pytest.mark.parametrize(
    "data",
    [
        "{",
        '{"choices": [{"delta": {"content": "half',
        "null",
        "[]",
        "7",
        "[" * 100_000,
        '{"error": {"message": "out of memory"}}',
        '{"error": "text"}',
        '{"object": "error", "message": "no", "code": 400}',
        '{"message": "an error without the key", "code": 500}',
        '{"choices": null}',
        '{"choices": {}}',
        '{"choices": [7]}',
        '{"choices": [{"delta": []  , "x": 1}, {"delta": {}}]}',
        '{"choices": [{"delta": "text"}]}',
        '{"choices": [{"delta": {"content": 7}}]}',
        '{"choices": [{"delta": {}, "finish_reason": 7}]}',
    ],
)
def test_what_is_no_chunk_ends_the_answer(data: str) -> None:
    answer = Answer("h")
    answer.take(chunk("a"))
    with pytest.raises(AnswerIncomplete, match=r"^h "):
        answer.take(data)


@pytest.mark.parametrize("finish", [None, ""])
def test_an_answer_without_a_finish_is_not_whole(finish: object) -> None:
    answer = Answer("h")
    answer.take(chunk("a", finish))
    with pytest.raises(AnswerIncomplete, match="before its answer was finished"):
        answer.last()


def test_text_after_the_finish_is_not_whole() -> None:
    answer = Answer("h")
    answer.take(chunk("a", "stop"))
    with pytest.raises(AnswerIncomplete, match="went on"):
        answer.take(chunk("b"))


def test_the_finish_may_be_said_twice_but_not_differently() -> None:
    answer = Answer("h")
    answer.take(chunk("a", "stop"))
    answer.take(chunk("", "stop"))
    with pytest.raises(AnswerIncomplete):
        answer.take(chunk(None, "length"))


def test_endless_answers_end() -> None:
    answer = Answer("h")
    for _ in range(4):
        answer.take(chunk("x" * 1_000_000))
    with pytest.raises(AnswerIncomplete, match="characters"):
        answer.take(chunk("x" * 1_000_000))


def test_signs_of_life() -> None:
    answer = Answer("h")
    assert answer.take(chunk("a")) == "a"
    assert answer.take('{"choices": [{"delta": {"reasoning_content": "hm"}}]}') == ""
    assert answer.take('{"choices": [{"delta": {"role": "assistant"}}]}') is None
    assert answer.take('{"choices": []}') is None


def test_no_error_repeats_what_the_server_wrote() -> None:
    for data in (PRIVATE, json.dumps({"error": PRIVATE}), json.dumps({"message": PRIVATE})):
        with pytest.raises(AnswerIncomplete) as caught:
            Answer("h").take(data)
        error: BaseException | None = caught.value
        while error is not None:
            assert "private" not in repr(error)
            error = error.__cause__


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 8},
            Usage(9, 2, 8),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 4},
            },
            Usage(9, 2, 4),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": None},
            Usage(9, 2),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {}},
            Usage(9, 2, None),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
            Usage(9, 2, 0),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 2}, Usage(9, 2, None)),
        (  # DeepSeek's own, with all that it sends
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 11,
                "prompt_tokens_details": {"cached_tokens": 8},
                "prompt_cache_hit_tokens": 8,
                "prompt_cache_miss_tokens": 1,
            },
            Usage(9, 2, 8),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_miss_tokens": 4},
            Usage(9, 2, 5),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_miss_tokens": 99},
            Usage(9, 2, 0),
        ),
        (
            {
                "completion_tokens": 2,
                "prompt_cache_hit_tokens": 3,
                "prompt_cache_miss_tokens": 4,
            },
            Usage(7, 2, 3),
        ),
        ({"completion_tokens": 2, "prompt_cache_hit_tokens": 3}, None),
        ({"prompt_tokens": 10**400, "completion_tokens": 2}, None),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 99},
            Usage(9, 2, 9),
        ),
        ({"prompt_tokens": True, "completion_tokens": 2}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": "9", "completion_tokens": 2}, None),
        ({}, None),
        (None, None),
        ("9", None),
    ],
)
def test_three_dialects_of_counts(usage: object, expected: Usage | None) -> None:
    assert usage_of(usage) == expected


def numbered(index: int, **more: object) -> str:
    """A chunk of a server that sends an id, a time and counts with each."""
    choice = {"index": 0, "delta": {"content": f"t{index}"}, "finish_reason": None}
    counts = {"prompt_tokens": 9, "completion_tokens": index}
    fixed = {"id": "one", "created": 5, "usage": counts, "choices": [choice]}
    return json.dumps({**fixed, **more})


ODD = {
    "another id": [numbered(1), numbered(2), numbered(3, id="two")],
    "an id of before": [numbered(1), numbered(2, id="two"), numbered(3)],
    "an earlier time": [numbered(1), numbered(2, created=4)],
    "fewer tokens than before": [numbered(2), numbered(1)],
}


@pytest.mark.parametrize("case", ODD)
def test_pieces_of_another_answer_are_noticed(case: str) -> None:
    *before, odd = ODD[case]
    answer = Answer("h")
    for data in before:
        answer.take(data)
    with pytest.raises(AnswerIncomplete, match="mixed up"):
        answer.take(odd)


def test_a_piece_that_comes_twice_is_noticed_at_the_end() -> None:
    answer = Answer("h")
    for data in (numbered(1), numbered(1), numbered(2), chunk(finish="stop")):
        answer.take(data)
    with pytest.raises(AnswerIncomplete, match="twice"):
        answer.last()


SOUND = {
    "an id for each chunk": [numbered(at, id=str(at)) for at in range(1, 5)],
    "no id": [numbered(at, id="") for at in range(1, 5)],
    "the same count for all": [numbered(1, usage={"prompt_tokens": 1, "completion_tokens": 7})] * 4,
    "no counts": [numbered(1, usage=None)] * 4,
    "a time that goes on": [numbered(at, created=at) for at in range(1, 5)],
}


@pytest.mark.parametrize("case", SOUND)
def test_what_proves_nothing_is_no_reason(case: str) -> None:
    answer = Answer("h")
    for data in (*SOUND[case], chunk(finish="stop")):
        answer.take(data)
    assert answer.last().finish == "stop"


def test_halves_of_a_character_are_joined() -> None:
    answer = Answer("h")
    texts = [answer.take(chunk(half)) for half in ("a\ud83d", "\ude42b", "c")]
    assert texts == ["a", "\U0001f642b", "c"]


@pytest.mark.parametrize("text", ["\ude42", "a\ud83db"])
def test_half_a_character_is_no_text(text: str) -> None:
    with pytest.raises(AnswerIncomplete, match="half a character"):
        Answer("h").take(chunk(text))


def test_half_a_character_at_the_end_is_no_answer() -> None:
    answer = Answer("h")
    answer.take(chunk("a\ud83d"))
    answer.take(chunk(finish="stop"))
    with pytest.raises(AnswerIncomplete, match="half a character"):
        answer.last()
