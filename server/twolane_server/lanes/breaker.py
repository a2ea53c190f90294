"""A lane's breaker: a state machine that is told what happened and when.

    closed --failures in a row, or `rest`--> open --its time is over--> probing --well--> closed
                                              ^------------- not well ---------|

While it is open or probing nobody may use the lane. The probe is one at a time and carries nothing
of the user's; who runs it is not known here. Each opening lasts twice as long as the one before,
and one failure is enough to open it again soon after it closed, so that a server that comes and
goes is asked ever more rarely. Only a time of calm takes that back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twolane_server.errors import TwolaneError

__all__ = ["Breaker", "BreakerRules", "State"]

_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When it opens and for how long.

    Attributes:
        failures: how many in a row open it.
        rest_seconds: how long it stays open the first time.
        longest_seconds: how long it stays open at most; a time without failures that long is calm.
    """

    failures: int
    rest_seconds: float
    longest_seconds: float


class State(StrEnum):
    """Where the breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Breaker:
    """One lane's breaker. All times are seconds of one monotonic clock.

    Args:
        rules: when it opens and for how long.

    Attributes:
        state: where it stands.
        cause: why it is open; `None` while it is closed.
        until: when a probe is due; of use while it is open.
        openings: how often it opened since the last calm.
    """

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._streak = 0
        self._good = 0
        self._trial = False
        self._calm_since = float("-inf")
        self.state = State.CLOSED
        self.cause: TwolaneError | None = None
        self.until = 0.0
        self.openings = 0

    @property
    def next_rest(self) -> float:
        """How long it stays open when it opens next, in seconds."""
        doublings = min(self.openings, _MOST_DOUBLINGS)
        return min(self._rules.longest_seconds, self._rules.rest_seconds * 2**doublings)

    def due(self, now: float) -> bool:
        """Whether somebody may begin a probe."""
        return self.state is State.OPEN and now >= self.until

    def succeeded(self, now: float) -> None:
        """A request was answered. What began before it opened says nothing while it is open."""
        if self.state is not State.CLOSED:
            return
        self._streak, self._good = 0, self._good + 1
        if self._good >= self._rules.failures:
            self._trial = False
        self._calm(now)

    def failed(self, now: float, cause: TwolaneError) -> bool:
        """A request was not answered; whether that opened it."""
        if self.state is not State.CLOSED:
            return False
        self._calm(now)
        self._streak, self._good, self._calm_since = self._streak + 1, 0, now
        if self._streak < self._rules.failures and not self._trial:
            return False
        self._open(now, cause, self.next_rest)
        return True

    def rest(self, now: float, cause: TwolaneError, seconds: float | None = None) -> None:
        """Open it at once: the server asked for it, or its health is bad.

        Args:
            now: the time.
            cause: why.
            seconds: how long, up to any length; the usual time if not given.
        """
        if self.state is State.CLOSED:
            self._calm(now)
            self._open(now, cause, self.next_rest if seconds is None else seconds)
        elif seconds is not None and now + seconds > self.until:
            self.cause, self.until = cause, now + seconds

    def begin_probe(self, now: float) -> bool:
        """Take on the probe; false where it is not due or another one is on its way."""
        if not self.due(now):
            return False
        self.state = State.PROBING
        return True

    def probed(self, now: float, cause: TwolaneError | None, seconds: float | None = None) -> None:
        """The probe that was begun ended: well, or with the cause that keeps it open; see `rest`."""
        if self.state is not State.PROBING:
            return
        if cause is not None:
            self._open(now, cause, self.next_rest if seconds is None else seconds)
            return
        self.state, self.cause, self._calm_since = State.CLOSED, None, now
        self._streak, self._good, self._trial = 0, 0, True

    def probe_lost(self) -> None:
        """The probe that was begun was given up: the next one is due at once."""
        if self.state is State.PROBING:
            self.state = State.OPEN

    def _open(self, now: float, cause: TwolaneError, seconds: float) -> None:
        self.state, self.cause, self.until = State.OPEN, cause, now + seconds
        self.openings += 1
        self._streak = 0

    def _calm(self, now: float) -> None:
        """After a long time without a failure, what was before is forgotten."""
        if now - self._calm_since >= self._rules.longest_seconds:
            self.openings, self._trial = 0, False
