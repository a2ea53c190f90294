"""How many tokens an order takes on each lane, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.fragments import Label

if TYPE_CHECKING:
    from twolane_server.money import Money
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Question
    from twolane_server.routing.run import Runner
    from twolane_server.settings.resolved import Settings

__all__ = ["counted"]


def counted(
    question: Question,
    prompts: tuple[Prompt, ...],
    settings: Settings,
    runner: Runner | None,
    money: Money,
) -> Question:
    """The question with each lane's count. What cannot go to the cloud is not counted for it.

    Of several prompts the longest must fit, and all are paid for.

    Args:
        question: with the length of the answer to each.
        prompts: what would be asked.
        settings: name the models.
        runner: knows what servers said of their windows, and how they count; `None` before the first.
        money: knows prices and budget.
    """
    action = prompts[0].action
    model = settings.local_model(action)
    local = max(one.tokens(model) for one in prompts)
    if runner:
        local = runner.learned.calibration(settings, model).corrected(local)
        window = runner.local_window(settings, model)
        question = replace(question, local_window=window)
    may_leave = question.label is Label.OPEN and question.granted and not question.cloud_state
    if not may_leave:
        return replace(question, local_tokens=local, cloud_tokens=local)
    cloud_model = settings.cloud_model(action)
    cloud = [one.tokens(cloud_model) for one in prompts]
    if runner:
        window = runner.cloud_window(settings, cloud_model)
        question = replace(question, cloud_window=window)
    answers = question.answer_tokens * len(prompts)
    question = replace(question, local_tokens=local, cloud_tokens=sum(cloud))
    priced = money.priced(replace(question, answer_tokens=answers), settings)
    return replace(priced, cloud_tokens=max(cloud), answer_tokens=question.answer_tokens)
