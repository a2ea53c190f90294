"""What a request may cost, and whether the month's budget has room for it, for who decides.

The border asks the budget once more, when the entry is written: see `border/entries`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twolane_server.errors import LedgerError
from twolane_server.prices import most, price_of

if TYPE_CHECKING:
    from twolane_server.border.spending import Spending, Spent
    from twolane_server.routing.choose import Question
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Money"]


class Money:
    """What is known of the month's spending; the ledger is read only where there is a budget.

    Args:
        folders: the ledger is in the state folder.
    """

    def __init__(self, folders: Folders) -> None:
        self._folder = folders.state / "ledger"
        self._spending: Spending | None = None

    def read(self, settings: Settings) -> Spent | None:
        """What the month has cost. Waits for the disk, where there is a budget.

        `None` without a budget, and when it cannot be read.
        """
        if settings.usd_per_month is None:
            return None
        from twolane_server.border.spending import Spending  # noqa: PLC0415 - imports sqlite

        self._spending = self._spending or Spending(self._folder)
        try:
            return self._spending.read(datetime.now(UTC))
        except LedgerError:
            return None

    def priced(self, question: Question, settings: Settings) -> Question:
        """The question with what it may cost in the cloud, and what the budget says to that.

        Waits for the disk.

        Args:
            question: with its tokens.
            settings: hold prices and budget.
        """
        return self._priced(question, settings, self.read(settings))

    def from_memory(self, question: Question, settings: Settings) -> Question:
        """The same by what was read last: for a menu, which must not wait."""
        return self._priced(question, settings, self._spending and self._spending.last)

    def _priced(self, question: Question, settings: Settings, spent: Spent | None) -> Question:
        model = question.cloud_model
        price = price_of(settings.prices, model)
        most_usd = most(price, question.cloud_tokens, question.answer_tokens)
        if settings.usd_per_month is None:
            return replace(question, cloud_most_usd=most_usd)
        from twolane_server.border.budget import over_budget  # noqa: PLC0415 - seldom needed

        budget = over_budget(settings, spent, most_usd, model)
        return replace(question, cloud_most_usd=most_usd, budget=budget)
