"""What a request to the cloud costs, by the user's table of prices. Pure arithmetic.

What no price is known of costs `None`, and never nothing: zero would be a claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.lanes.base import Usage
    from twolane_server.settings.resolved import Price

__all__ = ["cost", "money", "most", "price_of"]

_MILLION = 1_000_000
_PLACES = 9
_LEAST_SHOWN = 0.0001


def price_of(prices: Iterable[Price], *names: str) -> Price | None:
    """The price of a model, by the first of its names that the table has.

    Case does not matter, nor who is named before a slash: `deepseek-ai/DeepSeek-V3.2` has the price
    of `deepseek-v3.2`. A part of a name is not enough: `deepseek-v3.2-exp` has a price of its own.

    Args:
        prices: the table.
        names: the server's id of the model, then how the settings name it.
    """
    table = list(prices)
    for name in names:
        wanted = name.casefold()
        for fits in (wanted, _bare(wanted)):
            for price in table:
                if fits in {price.model.casefold(), _bare(price.model.casefold())}:
                    return price
    return None


def cost(price: Price | None, usage: Usage | None) -> float | None:
    """What a request cost, in US dollars; `None` where price or counts are not known.

    Of a server that does not tell how much of the prompt it had in its cache, all of it counts at
    the full price.
    """
    if price is None or usage is None:
        return None
    cached = usage.cached or 0
    total = (
        (usage.prompt - cached) * price.input
        + cached * price.cached
        + usage.completion * price.output
    )
    return round(total / _MILLION, _PLACES)


def most(price: Price | None, prompt_tokens: int, answer_tokens: int) -> float | None:
    """What a request may cost at most: nothing of it cached, and an answer as long as it may be."""
    if price is None:
        return None
    dearest = max(price.input, price.cached)
    return round((prompt_tokens * dearest + answer_tokens * price.output) / _MILLION, _PLACES)


def money(dollars: float) -> str:
    """`$0.0012`; what is less than a hundredth of a cent says so, and is not shown as nothing."""
    if 0 < dollars < _LEAST_SHOWN:
        return f"<${_LEAST_SHOWN}"
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.4f}"


def _bare(name: str) -> str:
    return name.rpartition("/")[2]
