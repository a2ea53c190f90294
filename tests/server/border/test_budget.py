"""What a budget says to one more request; what is not known counts against it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twolane_server.border.budget import UNREAD, over_budget
from twolane_server.border.spending import Spent, Unpriced
from twolane_server.lanes.base import Usage
from twolane_server.settings.resolved import Price, Settings

PRICE = Price("m", 1.0, 0.1, 2.0, "2026-05-31")
SETTINGS = Settings(usd_per_month=20.0, prices=(PRICE,))
MILLION = Usage(1_000_000, 1_000_000)


@pytest.mark.parametrize(
    ("spent", "most", "told"),
    [
        (Spent(), 0.0012, None),
        (Spent(19.0), 1.0, None),
        (Spent(20.31), 0.0012, "$20.31 of the month's budget of $20.00 are spent"),
        (Spent(20.0), 0.0, "$20.00 of the month's budget of $20.00 are spent"),
        (
            Spent(19.95),
            0.0512,
            "it may cost $0.0512, and of the month's budget of $20.00 only $0.0500 are left",
        ),
        (Spent(17.0, (Unpriced("M", MILLION),)), 0.001, "$20.00 of the month's budget of"),
        (Spent(16.0, (Unpriced("M", MILLION),)), 0.001, None),
        (Spent(0.0, (Unpriced("odd\x1b", MILLION),)), 0.1, r"no price of 'odd\x1b' is known (add"),
        (Spent(), None, 'no price of asked is known (add [prices."asked"] to the settings), so'),
        (None, 0.001, UNREAD),
    ],
)
def test_there_is_room_or_it_is_told_why_not(
    spent: Spent | None, most: float | None, told: str | None
) -> None:
    found = over_budget(SETTINGS, spent, most, "asked")
    assert found is None if told is None else str(found).startswith(told)


def test_without_a_budget_nothing_is_asked() -> None:
    free = replace(SETTINGS, usd_per_month=None)
    assert over_budget(free, None, None, "m") is None


def test_a_budget_of_nothing_is_spent() -> None:
    assert over_budget(replace(SETTINGS, usd_per_month=0.0), Spent(), 0.0, "m")
