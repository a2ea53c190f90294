"""A look at how busy a server is that holds nobody up: the last answer, and the next one soon."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.errors import TwolaneError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from twolane_server.lanes.metrics import Load

__all__ = ["Watch"]

_FRESH_SECONDS = 3.0
_OLD_SECONDS = 10.0
_PATIENCE_SECONDS = 0.02


class Watch:
    """Belongs to the event loop that first looks.

    Args:
        ask: asks the server; `None` where it does not tell.
    """

    def __init__(self, ask: Callable[[], Awaitable[Load | None]]) -> None:
        self._ask = ask
        self._load: Load | None = None
        self._asked_at = self._told_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def look(self) -> Load | None:
        """The load of a moment ago, where the server tells it.

        The server is asked at most once in three seconds, beside whatever goes on; who looks waits
        for that 20 ms at most, and takes what was told up to ten seconds before.
        """
        now = asyncio.get_running_loop().time()
        if self._asking is None and now - self._asked_at >= _FRESH_SECONDS:
            self._asked_at = now
            self._asking = asyncio.create_task(self._refresh())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=_PATIENCE_SECONDS)
        now = asyncio.get_running_loop().time()
        return self._load if now - self._told_at < _OLD_SECONDS else None

    async def aclose(self) -> None:
        """Give up what is being asked."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _refresh(self) -> None:
        try:
            load = await self._ask()
        except TwolaneError:
            return  # whoever asks for an answer hears why
        else:
            self._load, self._told_at = load, asyncio.get_running_loop().time()
        finally:
            self._asking = None
