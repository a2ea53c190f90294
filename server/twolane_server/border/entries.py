"""Entries in the ledger, written in threads, whatever becomes of the request meanwhile.

The cloud lane's are `Entries`: no sending without one, and none that the month's budget has no room
for. The local lane's account may be lost, and costs nothing.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from twolane_server.border.budget import over_budget
from twolane_server.border.records import Outcome
from twolane_server.border.refusing import refused, unwritable
from twolane_server.border.spending import Spending
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.border.ledger import Ledger
    from twolane_server.border.records import Sending
    from twolane_server.lanes.base import Chunk, Usage
    from twolane_server.settings.resolved import Price, Settings

__all__ = ["Entries", "Heard", "begin", "conclude"]


@dataclass(slots=True)
class Heard:
    """What the chunks of an answer told so far, beside the text.

    Attributes:
        asked: the model that was asked.
        begun: whether there was one.
        finish: the server's `finish_reason`, once it came.
        usage: the server's counts, once they came.
        model: the model that says it answers.
    """

    asked: str
    begun: bool = False
    finish: str | None = None
    usage: Usage | None = None
    model: str | None = None

    def take(self, chunk: Chunk) -> None:
        """Take the next one."""
        self.begun = True
        self.finish = chunk.finish or self.finish
        self.usage = chunk.usage or self.usage
        self.model = chunk.model or self.model

    def outcome(self, result: str, seconds: float, price: Price | None) -> Outcome:
        """What the ledger keeps of it."""
        other = None if self.model == self.asked else self.model
        return Outcome(result, seconds, self.usage, price, other)


class Entries:
    """The ledger as the gate uses it.

    Args:
        ledger: the open ledger, or the error that says why there is none.
        settings: hold budget and prices.
    """

    def __init__(self, ledger: Ledger | LedgerError, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._spending = None if isinstance(ledger, LedgerError) else Spending(ledger.folder)

    def ledger(self) -> Ledger:
        """The open ledger.

        Raises:
            Refused: there is none, so nothing may be sent.
        """
        if isinstance(self._ledger, LedgerError):
            raise unwritable(self._ledger) from self._ledger
        return self._ledger

    async def record(self, checked: Callable[[], Sending], *, beyond_budget: bool) -> int:
        """The number of a sending's entry, once it is on disk.

        Args:
            checked: what is about to go out, once all checks let it pass; runs in the same thread.
            beyond_budget: whether the person wants it whatever the budget says.

        Raises:
            Refused: it cannot be recorded, or the budget has no room for it; or as `checked` says.
        """

        def hold_to_budget(sending: Sending) -> None:
            if not beyond_budget and (why := self._objection(sending)) is not None:
                raise refused((why,))

        try:
            return await begin(self.ledger(), checked, hold_to_budget)
        except LedgerError as error:
            raise unwritable(error) from error

    async def conclude(self, seq: int, outcome: Outcome) -> None:
        """Record how the sending with the number `seq` ended, if that is possible."""
        await conclude(self.ledger(), seq, outcome)

    def _objection(self, sending: Sending) -> str | None:
        if self._settings.usd_per_month is None or self._spending is None:
            return None
        spent = self._spending.read(sending.time)
        return over_budget(self._settings, spent, sending.most_usd, sending.model)


async def begin(
    ledger: Ledger,
    made: Callable[[], Sending],
    allowed: Callable[[Sending], None] = lambda _: None,
) -> int:
    """The number of a sending's entry, once it is on disk.

    Args:
        ledger: where to write it.
        made: what is about to go out; called in the thread that writes. What it raises holds the request.
        allowed: see `Ledger.before_send`.

    Raises:
        LedgerError: it cannot be recorded.
    """
    given_up = threading.Event()

    def write() -> int | None:
        sending = made()
        return None if given_up.is_set() else ledger.before_send(sending, partial(allowed, sending))

    # At once, and not as a task, which would wait for the loop's next turn.
    writing = asyncio.get_running_loop().run_in_executor(None, write)
    try:
        seq = await asyncio.shield(writing)
    except asyncio.CancelledError:
        given_up.set()
        # The thread cannot be stopped: its entry gets an outcome, though nothing was sent.
        writing.add_done_callback(lambda done: _withdraw(ledger, done))
        raise
    assert seq is not None
    return seq


async def conclude(ledger: Ledger, seq: int, outcome: Outcome) -> None:
    """Record how the sending with the number `seq` ended, if that is possible."""
    try:
        await asyncio.shield(asyncio.to_thread(ledger.outcome, seq, outcome))
    except LedgerError:
        # What was sent is on record; to lose the answer now would help nobody. The entry shows
        # an unknown outcome, and the next request finds the ledger unwritable before it sends.
        return


def _withdraw(ledger: Ledger, written: asyncio.Future[int | None]) -> None:
    if written.cancelled() or written.exception() is not None:
        return
    seq = written.result()
    if seq is None:
        return
    done = asyncio.get_running_loop().run_in_executor(
        None, ledger.outcome, seq, Outcome("cancelled", 0.0)
    )
    # A ledger that fails now leaves an entry without an outcome, which is true as well.
    done.add_done_callback(lambda future: future.cancelled() or future.exception())
