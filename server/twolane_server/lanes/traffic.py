"""One lane's traffic in this process: who has a turn, how often it is tried, what became of it.

Brings together `turns`, `retry`, `breaker` and `health`. Each lane has its own, and they share
nothing, so that a lane that is down costs the other one no time. Other processes (another editor, the
command line) have their own, too, and know nothing of this one's.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from twolane_server.errors import (
    LaneError,
    LaneRejected,
    LaneResting,
    LaneUnreachable,
    TwolaneError,
)
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.breaker import Breaker, BreakerRules, State
from twolane_server.lanes.health import Health, HealthRules
from twolane_server.lanes.limits import Limits
from twolane_server.lanes.retry import RetryRules, pause
from twolane_server.lanes.turns import Turns
from twolane_server.lanes.verdict import Rests, Verdict, rest_after, verdict

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from twolane_server.lanes.limits import Who
    from twolane_server.settings.resolved import HealthSettings, LaneSettings

__all__ = ["Traffic"]

_SOON_SECONDS = 60.0
_NOTICED_SECONDS = 1.0


class Traffic:
    """One lane's traffic. Belongs to the event loop that first uses it.

    Args:
        name: the lane.
        lane: its limits.
        health: when it is ill.
        draw: chance, 0 to 1.
    """

    def __init__(
        self,
        name: LaneName,
        lane: LaneSettings,
        health: HealthSettings,
        *,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._name = name
        self._settings = lane
        self._rollback = health.rollback_seconds
        self._draw = draw
        self._rules = RetryRules(lane.retries, lane.retry_seconds)
        self._limits = Limits(lane.concurrency, lane.requests_per_minute)
        self._turns = Turns(name, self._limits)
        self._probing: asyncio.Task[None] | None = None
        self._notices: list[str] = []
        # Work for the local lane has nobody else to go to, and waits for the next probe.
        longest = health.longest_rest_seconds
        if name is LaneName.LOCAL:
            longest = min(longest, health.longest_local_rest_seconds)
        self._rests = Rests(longest, health.refused_key_seconds, health.unpaid_seconds)
        rest = min(health.rest_seconds, longest)
        self.breaker = Breaker(BreakerRules(health.breaker_failures, rest, longest))
        self.health = Health(
            HealthRules(
                health.window_seconds,
                health.least_requests,
                health.least_bad,
                health.error_rate,
                health.slow_rate,
                lane.first_token_seconds,
            )
        )

    @property
    def resting(self) -> LaneResting | None:
        """Why the lane is not to be used now; `None` if it may be."""
        cause = self.breaker.cause
        if self.breaker.state is State.CLOSED or cause is None:
            return None
        left = round(self.breaker.until - time.monotonic())
        rest = f"for {left} s" if left > 0 else "until it answers a probe"
        state = f"is left alone {rest}. {cause}"
        return LaneResting(f"The {self._name} lane {state}", state=f"it {state}")

    @property
    def unreachable(self) -> LaneUnreachable | None:
        """Why nobody need ask the server, where nothing answered there a moment ago."""
        cause = self.breaker.cause
        return cause if isinstance(cause, LaneUnreachable) else None

    @property
    def running(self) -> int:
        """How many requests are under way."""
        return self._limits.running

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._limits.waiting

    def take_notices(self) -> tuple[str, ...]:
        """What a person should be told of the lane, each once."""
        notices, self._notices = tuple(self._notices), []
        return notices

    @asynccontextmanager
    async def turn(self, who: Who, on_place: Callable[[str], None]) -> AsyncGenerator[None]:
        """A turn on the lane; the wait for it counts to no other limit.

        Args:
            who: on whose behalf.
            on_place: told the place in the queue, where there is a wait.

        Raises:
            LaneBusy: there was no turn in time.
        """
        ticket = await self._turns.take(who, on_place, self._settings.queue_seconds)
        try:
            yield
        finally:
            self._turns.leave(ticket)

    async def answered(
        self,
        attempt: Callable[[float], Awaitable[LaneError | None]],
        begun: Callable[[], float],
        on_notice: Callable[[str], None],
    ) -> None:
        """Have a request answered: the one retry loop, and the account of how it ended.

        A request keeps its turn between two attempts.

        Args:
            attempt: sends the request once, with the event loop's time by which all must be done,
                and reads the answer. What it returns is a fault of the lane that did no harm, since
                somebody else answered.
            begun: when the first text came, on the monotonic clock; 0 for not yet.
            on_notice: told of a pause that a person would wonder about.

        Raises:
            LaneError: no answer, or no more of it.
        """
        loop, started, retries = asyncio.get_running_loop(), time.monotonic(), 0
        until = loop.time() + self._settings.deadline_seconds
        while True:
            known = self.breaker.cause
            try:
                fault = await attempt(until)
            except LaneError as error:
                first = begun()
                left = until - loop.time()
                seconds = None if first else pause(error, retries, left, self._rules, self._draw)
                if seconds is None:
                    self._ended(error, first - started if first else None)
                    raise
                retries += 1
                if isinstance(error, LaneRejected) and error.retry_after:
                    self._turns.hold(seconds)
                if seconds >= _NOTICED_SECONDS:
                    on_notice(f"Waiting {seconds:.0f} s, then it is sent again. {error}")
                await asyncio.sleep(seconds)
                if self.breaker.state is not State.CLOSED:  # others found it down meanwhile
                    raise
                self._turns.again()
            except asyncio.CancelledError:
                if not begun():
                    self._given_up(time.monotonic() - started)
                raise
            else:
                first = begun()
                self._ended(fault, first - started if first else None, known)
                return

    async def rested(
        self, probe: Callable[[], Awaitable[object]], on_notice: Callable[[str], None]
    ) -> None:
        """Wait while the lane rests, if that is not too long, and until the next probe of it.

        Args:
            probe: see `wake`.
            on_notice: told that there is a wait, and why.

        Raises:
            LaneResting: it rests for longer than a request may wait.
            LaneError: the probe failed.
        """
        resting = self.resting
        if resting is None:
            return
        if self.breaker.until - time.monotonic() <= self._settings.queue_seconds:
            on_notice(f"Waiting. {resting}")
            self.wake(probe)
            if self._probing is not None:
                await asyncio.wait({self._probing}, timeout=self._settings.queue_seconds)
            if isinstance(cause := self.breaker.cause, LaneError):
                raise cause.with_traceback(None)  # else it grows with each use
            resting = self.resting
        if resting is not None:
            raise resting

    def wake(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Somebody wants the lane although it rests: have it probed as soon as that is due.

        A probe that is due much later is left to whoever wants the lane then.

        Args:
            probe: asks for the list of models, which carries nothing of the user's; raises where
                the lane is not well.
        """
        soon = self.breaker.until - time.monotonic() <= _SOON_SECONDS
        if self._probing is None and self.breaker.state is State.OPEN and soon:
            self._probing = asyncio.create_task(self._probe(probe))
            self._probing.add_done_callback(self._probed)

    async def aclose(self) -> None:
        """Give up a probe that is on its way."""
        probing = self._probing
        if probing is not None:
            probing.cancel()
            await asyncio.wait({probing})

    async def _probe(self, probe: Callable[[], Awaitable[object]]) -> None:
        while not self.breaker.begin_probe(time.monotonic()):
            if self.breaker.state is State.CLOSED:
                return
            await asyncio.sleep(max(0.0, self.breaker.until - time.monotonic()))
        try:
            await probe()
        except TwolaneError as error:
            self.breaker.probed(time.monotonic(), error, self._rest(error))
        else:
            self.breaker.probed(time.monotonic(), None)
            self.health.clear()
        finally:
            self.breaker.probe_lost()

    def _probed(self, task: asyncio.Task[None]) -> None:
        self._probing = None
        if not task.cancelled():
            task.exception()

    def _ended(
        self,
        error: LaneError | None,
        first_token: float | None,
        known: TwolaneError | None = None,
    ) -> None:
        if error is not None and error is known:
            return  # nothing new: a probe may have found the lane well since
        now, kind = time.monotonic(), None if error is None else verdict(error)
        if error is None:
            self.breaker.succeeded(now)
        elif kind is Verdict.FAULT:
            self.breaker.failed(now, error)
        elif kind is not Verdict.NOTHING:
            self.breaker.rest(now, error, self._rest(error))
        # What is between a key and its owner says nothing of the lane's health.
        if kind in {None, Verdict.FAULT, Verdict.LEAVE}:
            self.health.add(now, failed=error is not None, first_token=first_token)
            self._judge(now)

    def _rest(self, error: TwolaneError) -> float | None:
        return rest_after(error, self._name, self.breaker.next_rest, self._rests)

    def _judge(self, now: float) -> None:
        """Roll the cloud's work back if its health is bad. The local lane has no other to go to."""
        if self._name is LaneName.LOCAL or self.breaker.state is not State.CLOSED:
            return
        if wrong := self.health.verdict(now):
            seconds = max(self.breaker.next_rest, self._rollback)
            self.breaker.rest(now, LaneError(f"Its health is bad: {wrong}."), seconds)
            # The last request was answered, perhaps, so that nobody else says it.
            self._notices.append(f"{self.resting} Until then its work goes to the local lane.")

    def _given_up(self, seconds: float) -> None:
        """Cancelled before anything came: that says something only if it took too long."""
        if seconds > self._settings.first_token_seconds:
            now = time.monotonic()
            self.health.add(now, failed=False, first_token=seconds)
            self._judge(now)
