"""Whether the month's budget for the cloud lane has room for one more request: a pure question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.prices import money

if TYPE_CHECKING:
    from twolane_server.border.spending import Spent
    from twolane_server.settings.resolved import Settings

__all__ = ["UNREAD", "over_budget"]

UNREAD = "the ledger cannot be read, so what of the month's budget is spent is not known"


def over_budget(
    settings: Settings, spent: Spent | None, most_usd: float | None, model: str
) -> str | None:
    """Why the budget keeps a request from the cloud; `None` where it does not, or there is none.

    What is not known counts against the request: a budget that cannot be kept would be none.

    Args:
        settings: hold the budget and the prices.
        spent: what the month has cost; `None` when that cannot be read.
        most_usd: what the request may cost at most; `None` without a price.
        model: whom it would ask.
    """
    limit = settings.usd_per_month
    if limit is None:
        return None
    if spent is None:
        return UNREAD
    usd, unknown = spent.total(settings.prices)
    if most_usd is None or unknown:
        return f"{_no_price(model if most_usd is None else unknown[0])}, so the month's budget cannot be kept"
    if usd >= limit:
        return f"{_dollars(usd)} of the month's budget of {_dollars(limit)} are spent"
    if usd + most_usd > limit:
        return (
            f"it may cost {money(most_usd)}, and of the month's budget of {_dollars(limit)} only"
            f" {money(limit - usd)} are left"
        )
    return None


def _no_price(model: str) -> str:
    shown = model if model.isprintable() else ascii(model)
    return f'no price of {shown} is known (add [prices."{shown}"] to the settings)'


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}"
