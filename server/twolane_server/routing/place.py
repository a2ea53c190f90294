"""Telling the person how many requests the local lane's server has before theirs."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from twolane_server.lanes.local import Local
    from twolane_server.routing.job import Job

__all__ = ["place_told"]

_AGAIN_SECONDS = 3.0


@asynccontextmanager
async def place_told(lane: Local, job: Job) -> AsyncGenerator[None]:
    """While the block runs and nothing of the answer has come: say how many are before it.

    It runs beside the request and holds nothing up. The first look may come before the server has the
    request, each later one counts it; and since servers take requests in their order, whoever comes
    later is not before it: so the number only falls.
    """
    telling = asyncio.create_task(_tell(lane, job))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait({telling})


async def _tell(lane: Local, job: Job) -> None:
    least: int | None = None
    while not job.answer.first_token_at:
        load = await lane.load.look()
        if load is None or job.answer.first_token_at:
            return
        ahead = load.waiting if least is None else min(least, max(0, load.waiting - 1))
        if ahead and ahead != least:
            many = f"{ahead} requests are" if ahead > 1 else "1 request is"
            job.tell(f"{many} before yours at {lane.host}")
        if not ahead:
            return
        least = ahead
        await asyncio.sleep(_AGAIN_SECONDS)
