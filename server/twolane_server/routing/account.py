"""The local lane's account in the ledger: of size and digest, not of text (see `records.Sending`)."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twolane_server.border.entries import begin, conclude
from twolane_server.border.ledger import Ledger
from twolane_server.border.records import Outcome, Sending, origins
from twolane_server.errors import LaneError, LedgerError
from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from twolane_server.lanes.local import Answering
    from twolane_server.prompts import Prompt
    from twolane_server.routing.choose import Decision
    from twolane_server.routing.reply import Answer

__all__ = ["recorded", "sending_of", "told_by"]


def told_by(decision: Decision, answering: Answering) -> Decision:
    """The decision, with who stands in for the server and why."""
    if not answering.stand_in:
        return decision
    return replace(decision, reasons=(*decision.reasons, answering.stand_in))


def sending_of(prompt: Prompt, decision: Decision, answering: Answering, body: bytes) -> Sending:
    """What the ledger holds of a request to the local lane.

    Args:
        prompt: what is asked.
        decision: why it is asked there.
        answering: who is asked.
        body: the very bytes.
    """
    return Sending(
        time=datetime.now(UTC),
        action=prompt.action,
        lane=LaneName.LOCAL,
        model=answering.model,
        host=answering.lane.host,
        body=body,
        files=origins(prompt),
        label=prompt.label,
        reasons=decision.reasons,
        max_tokens=prompt.max_tokens,
    )


@asynccontextmanager
async def recorded(
    ledger: Ledger | LedgerError,
    sending: Sending,
    answer: Answer,
    on_lost: Callable[[str], None],
) -> AsyncGenerator[asyncio.Future[int | None]]:
    """Record a sending, and how it ended. It may be lost; nothing leaves the team's own machines.

    The request does not wait for the disk, its answer does: nothing of it is shown before the future
    that this yields is done, and the entry on record, or told to be lost.

    Args:
        ledger: the open ledger, or the error that says why there is none.
        sending: what is about to be sent.
        answer: what comes back.
        on_lost: told why it could not be recorded.
    """
    started = time.monotonic()
    writing = asyncio.ensure_future(_begun(ledger, sending, on_lost))
    result = "failed"
    try:
        await asyncio.sleep(0)  # so that the disk works while the request is sent
        yield writing
        result = answer.finish or "finished"
    except asyncio.CancelledError:
        result = "cancelled"
        raise
    except LaneError as error:
        result = type(error).__name__
        raise
    finally:
        other = None if answer.model == sending.model else answer.model
        seconds = time.monotonic() - started
        outcome = Outcome(result, seconds, answer.usage, answered_by=other)
        # Shielded, so that who is cancelled now, too, leaves no entry without its outcome.
        await asyncio.shield(asyncio.ensure_future(_concluded(ledger, writing, outcome)))


async def _begun(
    ledger: Ledger | LedgerError, sending: Sending, on_lost: Callable[[str], None]
) -> int | None:
    """The number of a sending's entry, once it is on disk; `None` where it is lost."""
    try:
        if isinstance(ledger, LedgerError):
            raise ledger
        return await begin(ledger, lambda: sending)
    except LedgerError as error:
        on_lost(str(error))
        return None


async def _concluded(
    ledger: Ledger | LedgerError, writing: asyncio.Future[int | None], outcome: Outcome
) -> None:
    seq = await writing
    if seq is not None and isinstance(ledger, Ledger):
        await conclude(ledger, seq, outcome)
