"""What is offered for an answer that was cut, and that it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.actions.catalogue import action_named
from twolane_server.errors import AnswerTruncated
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.longer import question_for, with_more
from twolane_server.questions import question_of
from twolane_server.rules.knowledge import UNKNOWN
from twolane_server.rules.labels import Labelled
from twolane_server.settings.resolved import Settings

if TYPE_CHECKING:
    from twolane_server.routing.choose import Question

QUESTION = replace(
    question_of(
        action_named("docstring"), Labelled(Label.OPEN, ()), UNKNOWN, Settings(), characters=400
    ),
    local_tokens=100,
    cloud_tokens=120,
    answer_tokens=600,
)


def cut(
    question: Question = QUESTION, lane: LaneName = LaneName.LOCAL, tokens: int | None = None
) -> AnswerTruncated:
    return with_more(AnswerTruncated("cut", lane=lane, tokens=tokens), question)


@pytest.mark.parametrize("tokens", [None, 600, 601, 570])
def test_twice_as_much_is_offered(tokens: int | None) -> None:
    error = cut(tokens=tokens)
    assert (error.budget, error.more) == (600, 1_200)
    assert str(error) == (
        "The answer reached its token limit of 600 before its end, so nothing was applied; allow it"
        " more, or select less."
    )
    assert question_for(error) == "The answer was cut at 600 tokens. Try again with up to 1,200?"


def test_no_more_is_offered_than_the_window_of_the_lane_that_answered_holds() -> None:
    question = replace(QUESTION, local_window=1_000, cloud_window=2_000)
    assert cut(question).more == 900
    assert cut(question, LaneName.CLOUD).more == 1_200


def test_a_full_window_is_the_limit_and_is_named() -> None:
    error = cut(replace(QUESTION, local_window=800))
    assert error.more == 0
    assert str(error) == (
        "The answer reached its token limit of 600 before its end, and the local lane's window of 800"
        " has no room for a longer one, so nothing was applied; select less, or use a model that"
        " holds more."
    )


def test_a_limit_of_the_servers_own_is_named() -> None:
    error = cut(replace(QUESTION, answer_tokens=8_000), LaneName.CLOUD, tokens=2_048)
    assert error.more == 0
    assert "The server cut the answer at a token limit of its own, 2,048, so nothing" in str(error)


@given(
    prompt=st.integers(0, 200_000),
    window=st.integers(1_024, 262_144),
    budget=st.integers(1, 100_000),
    told=st.booleans(),
)
def test_saying_yes_for_ever_comes_to_an_end(
    prompt: int, window: int, budget: int, *, told: bool
) -> None:
    asked = 0
    while True:
        question = replace(QUESTION, local_tokens=prompt, local_window=window, answer_tokens=budget)
        more = cut(question, tokens=budget if told else None).more
        if not more:
            break
        assert more >= budget * 1.25
        assert more + prompt <= window
        budget, asked = more, asked + 1
    assert asked <= 20
