"""Sums over the ledger's rows: by day, action, lane, model, or any of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.border.records import Row

__all__ = ["KEYS", "Sum", "sums"]

KEYS = ("day", "action", "lane", "model")
"""What rows can be sorted by; a day is one of UTC."""


@dataclass(slots=True)
class Sum:
    """What some requests come to.

    Attributes:
        key: the values that they share, in the order that was asked for.
        requests: how many.
        bytes: of their bodies together.
        tokens: `in`, `cached` and `out`, of those requests whose server counted.
        counted: how many those are.
        cost_usd: what they cost, where prices are known; else `None`.
    """

    key: tuple[str, ...]
    requests: int = 0
    bytes: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    counted: int = 0
    cost_usd: float | None = None

    def add(self, row: Row) -> None:
        """Count one more request."""
        public = row.public()
        self.requests += 1
        self.bytes += _whole(public["bytes"])
        self.counted += row.tokens["in"] is not None
        self.tokens_in += _whole(row.tokens["in"])
        self.tokens_cached += _whole(row.tokens["cached"])
        self.tokens_out += _whole(row.tokens["out"])
        if isinstance(cost := public["cost_usd"], int | float):
            self.cost_usd = (self.cost_usd or 0.0) + cost

    def public(self, keys: tuple[str, ...]) -> dict[str, object]:
        """The sum as `twolane ledger sum --json` prints it."""
        return {
            **dict(zip(keys, self.key, strict=True)),
            "requests": self.requests,
            "bytes": self.bytes,
            "tokens": {
                "in": self.tokens_in,
                "cached": self.tokens_cached,
                "out": self.tokens_out,
                "counted": self.counted,
            },
            "cost_usd": self.cost_usd,
        }


def sums(rows: Iterable[Row], keys: tuple[str, ...]) -> tuple[Sum, ...]:
    """One sum for each combination of values that occurs, in their order; of no keys, one at most.

    Args:
        rows: what is summed.
        keys: some of `KEYS`.
    """
    found: dict[tuple[str, ...], Sum] = {}
    for row in rows:
        key = tuple(_value(row, name) for name in keys)
        found.setdefault(key, Sum(key)).add(row)
    return tuple(found[key] for key in sorted(found))


def _value(row: Row, name: str) -> str:
    return str(row.sent.get("time"))[:10] if name == "day" else str(row.sent.get(name))


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0
