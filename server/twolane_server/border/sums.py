"""Sums over the ledger's rows: by day, month, action, lane, model, or any of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.border.records import Row

__all__ = ["KEYS", "Sum", "sums"]

KEYS = ("day", "month", "action", "lane", "model")
"""What rows can be sorted by; days and months are those of UTC."""
_TIMES = {"day": 10, "month": 7}


@dataclass(slots=True)
class Sum:
    """What some requests come to.

    Attributes:
        key: the values that they share, in the order that was asked for.
        requests: how many.
        bytes: of their bodies together.
        tokens_in: of those requests whose server counted.
        tokens_cached: of those whose server told it; `None` where none did.
        tokens_out: as `tokens_in`.
        counted: how many requests' server counted.
        cost_usd: what those cost of which that is known; `None` where it is known of none.
        unpriced: how many requests to the cloud there are whose cost is not known.
    """

    key: tuple[str, ...]
    requests: int = 0
    bytes: int = 0
    tokens_in: int = 0
    tokens_cached: int | None = None
    tokens_out: int = 0
    counted: int = 0
    cost_usd: float | None = None
    unpriced: int = 0

    def add(self, row: Row) -> None:
        """Count one more request."""
        public = row.public()
        self.requests += 1
        self.bytes += _whole(public["bytes"])
        self.counted += row.tokens["in"] is not None
        self.tokens_in += _whole(row.tokens["in"])
        self.tokens_out += _whole(row.tokens["out"])
        if row.tokens["cached"] is not None:
            self.tokens_cached = (self.tokens_cached or 0) + _whole(row.tokens["cached"])
        if row.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + row.cost_usd
        elif public["lane"] == LaneName.CLOUD:
            self.unpriced += 1

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
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 9),
            "unpriced": self.unpriced,
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
    if name in _TIMES:
        return str(row.sent.get("time"))[: _TIMES[name]]
    return str(row.sent.get(name))


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0
