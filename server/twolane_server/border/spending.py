"""What the cloud lane has cost in this month of UTC, by the ledger.

Kept in memory: the first reading goes back to the month's start, each later one reads what came into
the ledger since, from this process or another. A request that runs, or whose end is not known,
counts with the most that it may cost.
"""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from twolane_server.border import store
from twolane_server.border.chain import START, Head
from twolane_server.border.records import Row
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.prices import cost, price_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from twolane_server.border.chain import Entry
    from twolane_server.settings.resolved import Price

__all__ = ["Spending", "Spent", "Unpriced"]

_WAIT_SECONDS = 5.0
# One request of an earlier month may come of a clock that was wrong for a while; so many do not.
_SURELY_BEFORE = 10
# So a request ends that no server has worked on; no relay bills it.
_NOT_BILLED = {"LaneUnreachable", "LaneRejected", "OutOfFiles"}


@dataclass(frozen=True, slots=True)
class Unpriced:
    """A request of which no price was known when it was answered.

    Attributes:
        model: the model's id.
        usage: what the server counted; where it did not, more than that can have been.
    """

    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Spent:
    """What a month has cost.

    Attributes:
        usd: the requests whose cost is known, in US dollars.
        unpriced: the others.
    """

    usd: float = 0.0
    unpriced: tuple[Unpriced, ...] = ()

    def total(self, prices: Iterable[Price]) -> tuple[float, tuple[str, ...]]:
        """All of it by the prices that are known now, and the models that still have none."""
        table, usd, unknown = tuple(prices), self.usd, dict[str, None]()
        for one in self.unpriced:
            found = cost(price_of(table, one.model), one.usage)
            if found is None:
                unknown[one.model] = None
            usd += found or 0.0
        return usd, tuple(unknown)


class Spending:
    """The spending of one ledger. Threads may share one.

    Args:
        folder: the ledger's; there need not be one yet.

    Attributes:
        last: what the last reading found; `None` before the first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._month = ""
        self._end = START
        self._running: dict[int, Row] = {}
        self._usd = 0.0
        self._unpriced: list[Unpriced] = []
        self.last: Spent | None = None

    def read(self, now: datetime) -> Spent:
        """What this month has cost up to now. Waits for the disk.

        Args:
            now: the time, with a time zone.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        month = now.astimezone(UTC).strftime("%Y-%m")
        with self._lock, store.explained(self._folder):
            if not (self._folder / store.DATABASE).exists():
                self._start(month)
            else:
                with closing(store.open_database(self._folder, _WAIT_SECONDS)) as database:
                    self._follow(database, month)
            running = [_value(row) for row in self._running.values()]
            self.last = Spent(
                self._usd + sum(one for one in running if isinstance(one, float)),
                (*self._unpriced, *(one for one in running if isinstance(one, Unpriced))),
            )
            return self.last

    def _start(self, month: str) -> None:
        self._month, self._end, self._usd = month, START, 0.0
        self._running.clear()
        self._unpriced.clear()

    def _follow(self, database: sqlite3.Connection, month: str) -> None:
        if not store.has_table(database):
            self._start(month)
        elif month != self._month or not self._is_same(database):
            self._seed(database, month)
        else:
            for entry in store.entries_after(database, self._end.seq):
                row = _loaded(entry)
                if entry.kind == "send":
                    self._add(row)
                elif (sent := self._running.pop(_send(row), None)) is not None:
                    self._count(Row(sent.seq, sent.sent, row.sent))
                self._end = Head(row.seq, str(entry.hash))

    def _is_same(self, database: sqlite3.Connection) -> bool:
        """Whether the ledger still holds what was read; it may have been moved away."""
        found = database.execute("SELECT hash FROM entries WHERE seq = ?", (self._end.seq,))
        row = found.fetchone()
        return self._end == START if row is None else row[0] == self._end.hash

    def _seed(self, database: sqlite3.Connection, month: str) -> None:
        """Read backwards into the months before."""
        self._start(month)
        ends: dict[int, Row] = {}
        before = 0
        for entry in store.entries_back(database):
            row = _loaded(entry)
            if self._end == START:
                self._end = Head(row.seq, str(entry.hash))
            if entry.kind != "send":
                ends[_send(row)] = row
            elif not str(row.sent.get("time")).startswith(month):
                before += str(row.sent.get("time")) < month
                if before >= _SURELY_BEFORE:
                    break
            elif row.seq in ends:
                self._count(Row(row.seq, row.sent, ends.pop(row.seq).sent))
            else:
                self._add(row)

    def _add(self, row: Row) -> None:
        """Take note of a sending of this month without its end."""
        if row.sent.get("lane") == LaneName.CLOUD and str(row.sent.get("time")).startswith(
            self._month
        ):
            self._running[row.seq] = row

    def _count(self, row: Row) -> None:
        if row.sent.get("lane") == LaneName.CLOUD:
            value = _value(row)
            if isinstance(value, Unpriced):
                self._unpriced.append(value)
            else:
                self._usd += value


def _loaded(entry: Entry) -> Row:
    """An entry as a row, of a sending without its text: only the bound of the answer is kept."""
    row = Row.of(entry.seq if isinstance(entry.seq, int) else 0, str(entry.payload), None)
    text = row.sent.pop("text", None)
    if isinstance(text, str) and row.sent.get("max_tokens") is None:  # as older rows are
        row.sent["max_tokens"] = _longest_answer(text)
    return row


def _longest_answer(body: str) -> object:
    try:
        found: object = json.loads(body)
    except ValueError:
        return None
    return found.get("max_tokens") if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _send(row: Row) -> int:
    return _whole(row.sent.get("send"))


def _value(row: Row) -> float | Unpriced:
    """What a request counts."""
    if row.cost_usd is not None:
        return row.cost_usd
    if (row.ended or {}).get("result") in _NOT_BILLED:
        return 0.0
    counts, most = row.tokens, row.sent.get("most_usd")
    if counts["in"] is None and isinstance(most, int | float):
        return float(most)
    size = _whole(row.sent.get("bytes"))  # no tokenizer makes more tokens than bytes
    usage = Usage(
        prompt=size if counts["in"] is None else _whole(counts["in"]),
        completion=_whole(row.sent.get("max_tokens") or size)
        if counts["out"] is None
        else _whole(counts["out"]),
        cached=_whole(counts["cached"]),
    )
    return Unpriced(str(row.sent.get("model")), usage)


def _whole(number: object) -> int:
    return number if type(number) is int and number >= 0 else 0
