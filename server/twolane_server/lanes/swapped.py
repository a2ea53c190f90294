"""A request to a local server that was remembered, where another one may stand by now.

Who is remembered (see `OpenAIChat.remembered`) is not asked for its models before each request. So the
request itself may be the first to meet another server, or none: then that one is asked, and if it is
another, the request is made anew for it. Nothing of an answer has come by then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.errors import LaneRejected, LaneUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from twolane_server.errors import LaneError
    from twolane_server.lanes.local import Answering, Local

__all__ = ["asked"]

# Another model's name, or a field that another server does not know.
_ANOTHER = {400, 404, 422}


async def asked(
    lane: Local,
    model: str,
    ask: Callable[[Answering], Awaitable[None]],
    down: LaneUnreachable | None = None,
    until: float | None = None,
) -> Answering:
    """Find out who answers, and have that one asked; who it was.

    Args:
        lane: the local lane.
        model: the model as the settings name it.
        ask: sends the request to whom it is given, and reads the answer.
        down: see `Local.answering`.
        until: the same.

    Raises:
        LaneError: nobody answers, or the server refuses.
    """
    answering = await lane.answering(model, down, until)
    try:
        await ask(answering)
    except (LaneRejected, LaneUnreachable) as error:
        if not answering.remembered or not _may_be_another(error):
            raise
        again = await lane.answering(model, None, until)  # the failure ended what was remembered
        if again == replace(answering, remembered=False):
            raise
        await ask(again)
        return again
    return answering


def _may_be_another(error: LaneError) -> bool:
    return not isinstance(error, LaneRejected) or error.status in _ANOTHER
