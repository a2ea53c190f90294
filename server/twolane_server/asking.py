"""A conversation with a model: one question and its answer, or as many as the action needs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from twolane_server.actions.base import Task
from twolane_server.actions.catalogue import action_named
from twolane_server.errors import AnswerTruncated
from twolane_server.lanes.base import Usage
from twolane_server.longer import as_long_as_allowed, question_about, with_more
from twolane_server.orders import Result
from twolane_server.routing.choose import choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.orders import Ready
    from twolane_server.routing.choose import Decision
    from twolane_server.routing.run import Notify, Runner

__all__ = ["carried_out"]

_N = TypeVar("_N", int, float)


async def carried_out(
    ready: Ready,
    runner: Runner,
    on_text: Callable[[str, int], None],
    on_notice: Notify,
    on_decision: Callable[[Decision], None],
    *,
    on_task: Callable[[Task], None],
) -> Result:
    """Ask until the action has come to something; see `Service.carry_out`."""
    action = action_named(ready.task.prompt.action)
    outcome, usage, cost, first_token_at = ready.task, None, None, 0.0

    def otherwise(why: str, *, refused: bool = False) -> Decision:
        kept = {"refused": why} if refused else {"cloud_state": why}
        return choose(replace(ready.question, **kept))

    while True:
        try:
            reply = await runner.run(
                outcome.prompt,
                ready.decision,
                ready.settings,
                otherwise=otherwise,
                on_text=on_text,
                on_notice=on_notice,
                on_decision=on_decision,
                who=ready.who,
            )
        except AnswerTruncated as cut:
            question = ready.question
            if outcome is not ready.task:
                question = await asyncio.to_thread(question_about, outcome.prompt, question)
            raise with_more(cut, question) from None
        first_token_at = first_token_at or reply.first_token_at
        usage, cost = _sum(usage, reply.usage), _added(cost, reply.cost_usd)
        outcome = await asyncio.to_thread(action.finish, outcome, reply.text)
        if not isinstance(outcome, Task):
            break
        prompt = await asyncio.to_thread(
            as_long_as_allowed, outcome.prompt, ready.allowed, ready.question, ready.decision.lane
        )
        outcome = replace(outcome, prompt=prompt)
        on_task(outcome)
    return Result(
        outcome=outcome,
        decision=reply.decision.answered_by(reply.model),
        model=reply.model,
        usage=usage,
        cost_usd=cost,
        seconds={
            "context": round(ready.context_seconds, 4),
            "first_token": round(first_token_at - ready.started, 4),
            "total": round(time.monotonic() - ready.started, 4),
        },
    )


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    if one is None or other is None:
        return one or other
    cached = _added(one.cached, other.cached)
    return Usage(one.prompt + other.prompt, one.completion + other.completion, cached)


def _added(one: _N | None, other: _N | None) -> _N | None:
    """Both together; what only one knows of counts as it is."""
    return one if other is None else other if one is None else one + other
