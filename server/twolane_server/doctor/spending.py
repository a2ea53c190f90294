"""The doctor on money: whether prices are known and of late, and what is left of the budget."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from twolane_server.border.budget import over_budget
from twolane_server.border.spending import Spending
from twolane_server.doctor.finding import broken, fine, unset
from twolane_server.errors import LedgerError
from twolane_server.prices import money, price_of
from twolane_server.questions import cloud_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twolane_server.doctor.finding import Finding
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["findings"]

_OLD_DAYS = 180


def findings(settings: Settings, folders: Folders, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Prices and budget of a cloud lane that is set up; of another one there is nothing to say."""
    if cloud_state(settings, environ) is not None:
        return
    names = (settings.cloud.model, *(one.cloud_model for one in settings.actions))
    for model in dict.fromkeys(name for name in names if name):
        yield _price(settings, model)
    if settings.usd_per_month is not None:
        yield _budget(settings, folders)


def _price(settings: Settings, model: str) -> Finding:
    check = f"price of {model}"
    price = price_of(settings.prices, model)
    if price is None:
        said = f"No price of {model} is known, so neither is what it costs."
        fix = f'add [prices."{model}"] to the settings, with input, output and as_of'
        # With a budget, a model without a price is never asked.
        return (unset if settings.usd_per_month is None else broken)(check, said, fix)
    source = f"; {price.source}" if price.source else ""
    said = (
        f"${price.input:g} in, ${price.cached:g} cached, ${price.output:g} out for a million"
        f" tokens, as of {price.as_of}{source}"
    )
    if (datetime.now(UTC).date() - date.fromisoformat(price.as_of)).days > _OLD_DAYS:
        return unset(check, f"{said}.", f'look it up again, and correct [prices."{model}"]')
    return fine(check, said)


def _budget(settings: Settings, folders: Folders) -> Finding:
    check = "budget"
    try:
        spent = Spending(folders.state / "ledger").read(datetime.now(UTC))
    except LedgerError as error:
        return broken(check, str(error), "mend the ledger, below")
    why = over_budget(settings, spent, 0.0, settings.cloud.model)
    if why is not None:
        fix = "wait for the next month (UTC), or correct budget.usd_per_month or the prices"
        return unset(check, f"The cloud lane is off: {why}.", fix)
    usd, _ = spent.total(settings.prices)
    limit = settings.usd_per_month or 0.0
    return fine(check, f"{money(usd)} of ${limit:,.2f} are spent in this month of UTC")
