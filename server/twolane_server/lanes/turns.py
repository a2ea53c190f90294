"""Waiting for a turn on a lane: `limits` on the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.errors import LaneBusy

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.lanes.limits import Limits, Ticket, Who

__all__ = ["Turns"]

_TELL_EVERY_SECONDS = 0.1


class Turns:
    """One lane's turns. Belongs to the event loop that first uses it.

    Args:
        lane: the lane's name, for the sentences.
        limits: who may go next.
    """

    def __init__(self, lane: str, limits: Limits) -> None:
        self._lane = lane
        self._limits = limits
        self._waiting: dict[Ticket, tuple[asyncio.Future[None], Callable[[str], None]]] = {}
        self._told: dict[Ticket, int] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._telling: asyncio.TimerHandle | None = None

    async def take(self, who: Who, on_place: Callable[[str], None], seconds: float) -> Ticket:
        """Wait for a turn; whoever has one gives it back with `leave`.

        Args:
            who: on whose behalf.
            on_place: told the place in the queue, as often as it changes, if there is a wait at all.
            seconds: how long to wait at most.

        Raises:
            LaneBusy: there was no turn in that time.
        """
        ticket = self._limits.join(who)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = (turn, on_place)
        self._admit()
        if turn.done():
            return ticket
        try:
            self._tell()
            async with asyncio.timeout(seconds):
                await turn
        except TimeoutError:
            self.leave(ticket)
            raise LaneBusy(
                f"The {self._lane} lane had no turn for this within {seconds:g} s; too much is"
                " waiting for it. Try again later."
            ) from None
        except BaseException:
            self.leave(ticket)  # in the very moment of the turn, too
            raise
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give back a turn, or a place in the queue."""
        self._waiting.pop(ticket, None)
        self._told.pop(ticket, None)
        self._limits.leave(ticket)
        self._admit()

    def hold(self, seconds: float) -> None:
        """Let nobody else begin for a time: the server asked for that."""
        self._limits.hold(asyncio.get_running_loop().time() + seconds)

    def again(self) -> None:
        """Count a request that is sent once more within its turn."""
        self._limits.began(asyncio.get_running_loop().time())

    def _admit(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while (ticket := self._limits.admit(now)) is not None:
            turn, _ = self._waiting.pop(ticket)
            self._told.pop(ticket, None)
            if not turn.done():
                turn.set_result(None)
        if self._alarm is not None:
            self._alarm.cancel()
        at = self._limits.opens_at(now) if self._waiting else None
        self._alarm = None if at is None else loop.call_at(at, self._admit)
        if self._waiting and self._telling is None:
            self._telling = loop.call_later(_TELL_EVERY_SECONDS, self._tell)

    def _tell(self) -> None:
        """Tell everybody whose place changed; all at once, since one change moves many."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        for ticket, ahead in self._limits.places():
            if self._told.get(ticket) != ahead:
                self._told[ticket] = ahead
                place = f"{ahead} ahead" if ahead else "next in turn"
                self._waiting[ticket][1](f"Waiting for the {self._lane} lane: {place}")
