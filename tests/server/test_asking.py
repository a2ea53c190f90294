"""A conversation with a model: an answer that is cut, at whichever question of whichever action."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast
from unittest.mock import Mock

import pytest

from support_border import prompt
from support_team import LOCAL, LOCALLY, question
from twolane_context.spans import Span
from twolane_server import asking
from twolane_server.actions.base import Subject, Task
from twolane_server.actions.catalogue import ACTIONS
from twolane_server.actions.outcomes import Page
from twolane_server.asking import carried_out
from twolane_server.errors import AnswerTruncated
from twolane_server.fragments import Label
from twolane_server.orders import Ready
from twolane_server.prompts import Prompt
from twolane_server.routing.reply import Reply
from twolane_server.settings.resolved import Settings
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.actions.outcomes import Outcome
    from twolane_server.routing.run import Runner

SETTINGS = Settings()
SUBJECT = Subject(Text.of("x = 1\n"), None, "/r/a.py", Label.OPEN, Span(0, 0))


@dataclass
class Cutting:
    """A runner whose answers are whole until the one that is cut."""

    whole: int
    asked: list[Prompt] = field(default_factory=list[Prompt])

    async def run(self, asked: Prompt, *_: object, **__: object) -> Reply:
        self.asked.append(asked)
        if len(self.asked) > self.whole:
            raise AnswerTruncated("cut", lane=LOCAL, tokens=None)
        return Reply("yes", LOCALLY, "m", None, 0.0)


@dataclass
class InParts:
    """An action of three questions, whose later ones have a budget of their own."""

    parts: int = 0

    def finish(self, task: Task, _reply: str) -> Outcome | Task:
        self.parts += 1
        if self.parts > 2:
            return Page("", "")
        return replace(task, prompt=replace(task.prompt, max_tokens=500))


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(_name: str) -> InParts:
        return InParts()

    monkeypatch.setattr(asking, "action_named", named)


def ready(action: str, budget: int = 100, allowed: int | None = None) -> Ready:
    asked = replace(prompt("x = 1"), action=action, max_tokens=budget)
    task = Task(SUBJECT, asked, Span(0, 0), "")
    decided = question(SETTINGS, asked)
    return Ready(task, decided, LOCALLY, SETTINGS, 0.0, 0.0, allowed=allowed)


async def ask(asked: Ready, runner: Cutting) -> None:
    nothing = Mock()
    await carried_out(asked, cast("Runner", runner), nothing, nothing, nothing, on_task=nothing)


@pytest.mark.parametrize("action", [action.name for action in ACTIONS])
async def test_more_is_offered_for_each_action(action: str) -> None:
    with pytest.raises(AnswerTruncated) as cut:
        await ask(ready(action), Cutting(0))
    assert (cut.value.budget, cut.value.more) == (100, 200)


@pytest.mark.usefixtures("in_parts")
async def test_more_is_offered_for_the_very_question_that_was_cut() -> None:
    with pytest.raises(AnswerTruncated) as cut:
        await ask(ready("refactor"), Cutting(1))
    assert (cut.value.budget, cut.value.more) == (500, 1_000)


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize(
    ("allowed", "budgets"),
    [(None, [100, 500, 500]), (200, [100, 500, 500]), (1_000, [100, 1_000, 1_000])],
)
async def test_what_is_allowed_holds_for_the_later_questions_too(
    allowed: int | None, budgets: list[int]
) -> None:
    runner = Cutting(3)
    await ask(ready("refactor", allowed=allowed), runner)
    assert [one.max_tokens for one in runner.asked] == budgets


@pytest.mark.usefixtures("in_parts")
async def test_it_is_never_more_than_the_window_holds() -> None:
    asked, runner = ready("refactor", allowed=10_000), Cutting(3)
    room = 900 - asked.task.prompt.tokens(SETTINGS.local.model)
    await ask(replace(asked, question=replace(asked.question, local_window=900)), runner)
    assert [one.max_tokens for one in runner.asked] == [100, room, room]
