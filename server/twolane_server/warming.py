"""Keeps the local lane's model warm while the editor is in use.

What it sends is fixed (`lanes.local`), holds nothing of the user's and goes to the local lane's
server alone. So it has no row in the ledger, which is the account of the user's work: forty-eight rows
an hour would bury that, and count in every sum.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from twolane_server.lanes.warmth import Warmth
from twolane_server.power import on_battery, supplies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from twolane_server.service import Service
    from twolane_server.session import Session

__all__ = ["Warm", "Warming", "kept_warm"]


class Warm(Protocol):
    """The local lane, as far as it is to be kept warm."""

    @property
    def used_at(self) -> float | None:
        """When it was used last, on the monotonic clock; `None` for never in this process."""
        ...

    async def warm(self) -> bool:
        """Send what keeps it warm; whether it answered."""
        ...


def kept_warm(session: Session, service: Service) -> Warm | None:
    """The lane as the settings have it now, if they want it kept warm and it is open."""
    settings = session.settings
    return service.local(settings) if settings.local.keep_warm else None


class Warming:
    """Belongs to the event loop of the language server.

    Args:
        lane: the lane as the settings have it now; `None` where it is not to be kept warm.
        background: runs something that nobody waits for.
        warmth: when something is due.
        battery: whether the machine runs on its battery; called in a thread.
        clock: monotonic seconds.
        sleep: waits.
    """

    def __init__(
        self,
        lane: Callable[[], Warm | None],
        background: Callable[[Coroutine[object, object, None]], asyncio.Task[None]],
        *,
        warmth: Warmth | None = None,
        battery: Callable[[], bool] = lambda: on_battery(supplies()),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._lane = lane
        self._background = background
        self._warmth = warmth or Warmth()
        self._battery = battery
        self._clock = clock
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def active(self) -> None:
        """The editor is in use. Cheap enough for every key."""
        self._warmth.active(self._clock())
        if (self._task is None or self._task.done()) and self._wait() is not None:
            self._task = self._background(self._run())

    def _wait(self) -> float | None:
        lane = self._lane()
        if lane is None or (used := lane.used_at) is None:
            return None
        self._warmth.used(used)
        return self._warmth.wait(self._clock())

    async def _run(self) -> None:
        """Until the editor is idle. Only one runs, so that nothing piles up."""
        while (wait := self._wait()) is not None:
            if wait > 0:
                await self._sleep(wait)
            elif (lane := self._lane()) is not None:
                if await asyncio.to_thread(self._battery):
                    self._warmth.skipped(self._clock())
                elif await lane.warm():
                    self._warmth.used(self._clock())
                else:
                    self._warmth.failed(self._clock())
