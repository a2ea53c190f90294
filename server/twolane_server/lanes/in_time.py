"""What must be done in time, or is a `LaneTimeout`."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from twolane_server.errors import LaneTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

__all__ = ["in_time"]


@asynccontextmanager
async def in_time(until: float | None, who: str) -> AsyncGenerator[None]:
    """Stop the block at a time.

    Args:
        until: when, on the event loop's clock; `None` for never.
        who: who is waited for, to begin a sentence.

    Raises:
        LaneTimeout: it was not done by then.
    """
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise LaneTimeout(f"{who} did not answer in time. Try again, or select less.") from None
