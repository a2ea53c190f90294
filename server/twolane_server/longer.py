"""What to do about an answer that was cut at its token limit: how many tokens the next one may have.

A cut answer is never applied and never sent again by itself: each larger budget is the user's word,
and the lane's window ends it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerTruncated

if TYPE_CHECKING:
    from twolane_server.lanes.base import LaneName
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Question

__all__ = ["as_long_as_allowed", "question_about", "question_for", "with_more"]

_FACTOR = 2
_WORTH_IT = 1.25
_OWN_LIMIT = 0.9


def question_about(prompt: Prompt, question: Question) -> Question:
    """The question that a later prompt of the same order would have been; counts its tokens.

    Args:
        prompt: what was asked when the answer was cut.
        question: all that decided the order, by its first prompt.
    """
    return replace(
        question,
        local_tokens=prompt.tokens(question.local_model),
        cloud_tokens=prompt.tokens(question.cloud_model),
        answer_tokens=prompt.max_tokens,
    )


def as_long_as_allowed(
    prompt: Prompt, allowed: int | None, question: Question, lane: LaneName
) -> Prompt:
    """A later prompt of an order, its answer as long as the user allowed and the window holds.

    Args:
        prompt: what comes next.
        allowed: how many tokens the user allows each answer; `None` where nothing was said.
        question: all that decided the order.
        lane: the lane that it takes.
    """
    if allowed is None or allowed <= prompt.max_tokens:
        return prompt
    room = question.window(lane) - question_about(prompt, question).prompt_tokens(lane)
    return replace(prompt, max_tokens=max(prompt.max_tokens, min(allowed, room)))


def with_more(cut: AnswerTruncated, question: Question) -> AnswerTruncated:
    """The error with the next budget, or with why there is none.

    Args:
        cut: from `routing.reply`: the lane, and what the server counted.
        question: how many tokens the answer could have, and what the lane holds.
    """
    budget, lane = question.answer_tokens, cut.lane
    room = question.window(lane) - question.prompt_tokens(lane)
    more = min(_FACTOR * budget, room)
    reached = f"The answer reached its token limit of {budget:,} before its end"
    if cut.tokens is not None and cut.tokens < _OWN_LIMIT * budget:
        why = f"The server cut the answer at a token limit of its own, {cut.tokens:,}"
        do, more = "raise it there, use another model, or select less", 0
    elif more < _WORTH_IT * budget:
        full = f"the {lane} lane's window of {question.window(lane):,} has no room for a longer one"
        why, do, more = f"{reached}, and {full}", "select less, or use a model that holds more", 0
    else:
        why, do = reached, "allow it more, or select less"
    return AnswerTruncated(
        f"{why}, so nothing was applied; {do}.",
        lane=lane,
        tokens=cut.tokens,
        budget=budget,
        more=more,
    )


def question_for(cut: AnswerTruncated) -> str:
    """What to ask where there is a next budget."""
    return f"The answer was cut at {cut.budget:,} tokens. Try again with up to {cut.more:,}?"
