"""About how large an action would be and what it may cost, for the menu: from sizes alone.

A menu must not wait for a count, so this is arithmetic with figures that were measured, rounded to two
digits so that a title does not change with each key. What is really sent is counted when the action
runs, and shown before anything goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.actions.longest import longest
from twolane_server.lanes.base import LaneName
from twolane_server.prices import money, most, price_of

if TYPE_CHECKING:
    from twolane_server.routing.choose import Decision
    from twolane_server.settings.resolved import Settings

__all__ = ["Estimate", "Sizes", "estimate"]

_K, _NO_TENTHS = 1_000, 10_000
# Of code; DeepSeek makes a token of 2.7 bytes, and what counts for other models one of 2.
_BYTES_PER_TOKEN = 2.5
# Wording and examples, in tokens; of all other actions the size is known to nobody yet.
_FRAME = {
    "docstring": 350,
    "docstrings": 120,
    "rewrite": 300,
    "fix": 300,
    "review": 250,
    "explain": 200,
}
_WHOLE, _WITH_LINES_AROUND, _MOST_AROUND = {"docstrings"}, {"rewrite", "fix"}, 3_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """An action's size before anything of it was read.

    Attributes:
        tokens: of the prompt.
        usd: what it may cost with the longest answer, in US dollars; `None` on the local lane, and
            where there is no price.
    """

    tokens: int
    usd: float | None = None

    def __str__(self) -> str:
        size = f"~{_short(self.tokens)} tokens"
        return size if self.usd is None else f"{size}, up to ~{money(_rounded(self.usd))}"


class Sizes(NamedTuple):
    """What is known without reading anything.

    Attributes:
        selected: the bytes that are selected, or meant by a cursor.
        document: the bytes of the document.
        brought: how many tokens of the repository come with it.
    """

    selected: int
    document: int
    brought: int = 0


def estimate(action: str, sizes: Sizes, decision: Decision, settings: Settings) -> Estimate | None:
    """An action's size and cost; `None` where nothing tells it.

    Args:
        action: its name.
        sizes: of what it works on.
        decision: the lane.
        settings: hold prices, and how long answers may be.
    """
    if action not in _FRAME:
        return None
    size = sizes.document if action in _WHOLE else sizes.selected
    shown = size
    if action in _WITH_LINES_AROUND:
        shown += min(max(0, sizes.document - size), _MOST_AROUND)
    tokens = _FRAME[action] + sizes.brought + round(shown / _BYTES_PER_TOKEN)
    if decision.lane is LaneName.LOCAL:
        return Estimate(tokens)
    answer = settings.action(action).max_tokens or longest(action, size)
    return Estimate(tokens, most(price_of(settings.prices, decision.model), tokens, answer))


def _short(tokens: int) -> str:
    """`850`, `1.2k`, `18k`."""
    rounded = round(_rounded(tokens))
    if rounded < _K:
        return str(rounded)
    return f"{rounded / _K:.1f}k" if rounded < _NO_TENTHS else f"{rounded // _K}k"


def _rounded(value: float) -> float:
    """To two digits."""
    return float(f"{value:.1e}")
