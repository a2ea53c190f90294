"""Garbage collections in pauses of the editor's user, and not while somebody waits.

A full one looks at all objects that may hold each other in a circle. Beside the index of a large repository
that takes a fifth of a second, in which nothing is answered, and Python begins it in the middle of
whatever makes objects. Here it comes when nobody does anything, and what has outlived one is not
looked at again until there is half as much more. A short rest is enough for what is new since the last
one, which takes some milliseconds.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

__all__ = ["Pauses", "collect", "collect_in_pauses_alone", "collect_young"]

_PAUSE_SECONDS, _REST_SECONDS = 2.0, 0.3
# More than a few requests make, so that Python seldom begins by itself. The last is for one who never
# pauses: then a full collection comes all the same, after some millions of new objects.
_THRESHOLDS = (20_000, 10, 50)
_GROWTH = 1.5


def collect_in_pauses_alone() -> None:
    """Set Python's own collections aside, for this process."""
    gc.set_threshold(*_THRESHOLDS)


def collect(whole: int) -> int:
    """Look for garbage among what came since the last time, or among everything.

    Args:
        whole: how many objects had outlived the last look at everything; 0 before the first.

    Returns:
        The same, for the next time.
    """
    everything = gc.get_freeze_count() >= _GROWTH * whole
    if everything:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count() if everything else whole


def collect_young() -> None:
    """Look for garbage among what is new since the last time, of whichever sort that was."""
    gc.collect(0)


class Pauses:
    """Belongs to the event loop of the language server.

    Args:
        background: runs something that nobody waits for.
        busy: whether a request is being carried out.
        collect: see `collect`.
        collect_young: see `collect_young`.
        clock: monotonic seconds.
        sleep: waits.
    """

    def __init__(
        self,
        background: Callable[[Coroutine[object, object, None]], asyncio.Task[None]],
        busy: Callable[[], bool],
        *,
        collect: Callable[[int], int] = collect,
        collect_young: Callable[[], object] = collect_young,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._background, self._busy = background, busy
        self._collect, self._collect_young = collect, collect_young
        self._clock, self._sleep = clock, sleep
        self._last = 0.0
        self._whole = 0
        self._task: asyncio.Task[None] | None = None

    def active(self) -> None:
        """The editor is in use. Cheap enough for every key."""
        self._last = self._clock()
        if self._task is None or self._task.done():
            self._task = self._background(self._run())

    async def _run(self) -> None:
        """Until there was a pause. Only one runs, so that nothing piles up."""
        rested = -1.0  # since which activity there was a short rest
        while True:
            if self._busy():
                self.active()
            last = self._last
            wanted = _PAUSE_SECONDS if rested == last else _REST_SECONDS
            left = last + wanted - self._clock()
            if left > 0:
                await self._sleep(left)
            elif rested == last:
                break
            else:
                rested = last
                self._collect_young()
        self._whole = self._collect(self._whole)
