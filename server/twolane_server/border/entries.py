"""Entries in the ledger, written in threads, whatever becomes of the request meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.border.records import Outcome
from twolane_server.border.refusing import unwritable
from twolane_server.errors import LedgerError

if TYPE_CHECKING:
    from twolane_server.border.ledger import Ledger
    from twolane_server.border.records import Sending

__all__ = ["begin", "conclude", "record"]


async def record(ledger: Ledger, sending: Sending) -> int:
    """The number of a cloud request's entry, once it is on disk.

    Raises:
        Refused: it cannot be recorded, so it must not be sent.
    """
    try:
        return await begin(ledger, sending)
    except LedgerError as error:
        raise unwritable(error) from error


async def begin(ledger: Ledger, sending: Sending) -> int:
    """The number of a sending's entry, once it is on disk.

    Raises:
        LedgerError: it cannot be recorded.
    """
    writing = asyncio.ensure_future(asyncio.to_thread(ledger.before_send, sending))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        # The thread cannot be stopped: its entry gets an outcome, though nothing was sent.
        writing.add_done_callback(lambda done: _withdraw(ledger, done))
        raise


async def conclude(ledger: Ledger, seq: int, outcome: Outcome) -> None:
    """Record how the sending with the number `seq` ended, if that is possible."""
    try:
        await asyncio.shield(asyncio.to_thread(ledger.outcome, seq, outcome))
    except LedgerError:
        # What was sent is on record; to lose the answer now would help nobody. The entry shows
        # an unknown outcome, and the next request finds the ledger unwritable before it sends.
        return


def _withdraw(ledger: Ledger, written: asyncio.Future[int]) -> None:
    if written.cancelled() or written.exception() is not None:
        return
    done = asyncio.get_running_loop().run_in_executor(
        None, ledger.outcome, written.result(), Outcome("cancelled", 0.0)
    )
    # A ledger that fails now leaves an entry without an outcome, which is true as well.
    done.add_done_callback(lambda future: future.cancelled() or future.exception())
