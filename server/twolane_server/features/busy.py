"""The local lane is busy; take the cloud lane for this?

The action does not wait for the answer: it queues on the local lane meanwhile, and a yes counts as
long as nothing of its answer has come.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.features.question import agreed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pygls.lsp.server import LanguageServer

    from twolane_server.orders import Result

__all__ = ["CLOUD", "HERE", "TakeCloudError", "unless_cloud"]

CLOUD, HERE = "Send it to the cloud", "Wait here"


class TakeCloudError(Exception):
    """The person wants the cloud lane for this; what was asked on the local one is given up."""


async def unless_cloud(
    server: LanguageServer,
    offer: str,
    work: Coroutine[object, object, Result],
    begun: Callable[[], bool],
) -> Result:
    """The work's result, unless the person takes the offer before anything of it came.

    Args:
        server: the connection.
        offer: what to ask.
        work: the order, carried out on the local lane.
        begun: whether something of its answer has come.

    Raises:
        TakeCloudError: the person did, and the work was given up.
    """
    working, asking = (
        asyncio.create_task(work),
        asyncio.create_task(agreed(server, offer, (CLOUD, HERE))),
    )
    try:
        await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and asking.result() and not begun():
            raise TakeCloudError
        return await working
    finally:
        for task in (working, asking):
            task.cancel()
        await asyncio.wait({working, asking})
