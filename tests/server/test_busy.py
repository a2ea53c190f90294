"""Which work is offered to the cloud while the local lane is busy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twolane_server.actions.catalogue import action_named
from twolane_server.busy import may_be_offered
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName
from twolane_server.questions import question_of
from twolane_server.rules.knowledge import UNKNOWN
from twolane_server.rules.labels import Labelled
from twolane_server.settings.resolved import Mode, Settings

OPEN = replace(
    question_of(
        action_named("rewrite"), Labelled(Label.OPEN, ()), UNKNOWN, Settings(), characters=100
    ),
    granted=True,
    cloud_state=None,
    local_tokens=9_000,
    cloud_tokens=9_000,
)
LONG = replace(OPEN, characters=30_000)
HOME = replace(OPEN, home=LaneName.LOCAL)


@pytest.mark.parametrize("question", [LONG, HOME])
def test_open_work_that_only_its_length_or_home_keeps_local(question: object) -> None:
    assert may_be_offered(question)  # type: ignore[arg-type]


@pytest.mark.parametrize("question", [LONG, HOME], ids=["long", "home"])
@pytest.mark.parametrize(
    "change",
    [
        {"label": Label.NDA},
        {"granted": False},
        {"cloud_state": "no key"},
        {"budget": "all of the month's budget is spent"},
        {"repository_wide": True},
        {"instruction_marker": True},
        {"mode": Mode.LOCAL},
        {"mode": Mode.CLOUD},
        {"forced": LaneName.LOCAL},
        {"forced": LaneName.CLOUD},
        {"cloud_window": 5_000},
        {"local_window": 5_000},
    ],
    ids=str,
)
def test_anything_else_is_not(question: object, change: dict[str, object]) -> None:
    assert not may_be_offered(replace(question, **change))  # type: ignore[type-var, arg-type]


def test_what_goes_to_the_cloud_anyway_is_not_asked_about() -> None:
    assert not may_be_offered(OPEN)
