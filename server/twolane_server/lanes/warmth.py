"""When the local lane's server is sent something so that its model stays warm.

Pure: the time is handed in. A server that nobody asks goes cold after some 90 s, and the next answer
then begins seconds later. So while the editor is in use, and the lane was lately, something small
goes there before that; each time that fails, the next try is later.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WarmRules", "Warmth"]


@dataclass(frozen=True, slots=True)
class WarmRules:
    """The limits, in seconds.

    Attributes:
        idle: how long the lane may be idle.
        active: how long the editor counts as in use after a sign of it.
        longest: the longest pause after failures.
    """

    idle: float = 75.0
    active: float = 300.0
    longest: float = 1_800.0


class Warmth:
    """One lane's."""

    def __init__(self, rules: WarmRules | None = None) -> None:
        self._rules = rules or WarmRules()
        self._active_at: float | None = None
        self._used_at: float | None = None
        self._not_before = 0.0
        self._failures = 0

    def active(self, now: float) -> None:
        """The editor is in use."""
        self._active_at = now

    def used(self, at: float) -> None:
        """The lane answered somebody, or is about to."""
        if self._used_at is None or at > self._used_at:
            self._used_at, self._not_before, self._failures = at, 0.0, 0

    def skipped(self, now: float) -> None:
        """Nothing was sent, for a reason that may soon be gone."""
        self._not_before = now + self._rules.idle

    def failed(self, now: float) -> None:
        """It was sent something and did not answer."""
        self._failures += 1
        pause = self._rules.idle * 2**self._failures
        self._not_before = now + min(pause, self._rules.longest)

    def wait(self, now: float) -> float | None:
        """Seconds until something is due; 0 for now, `None` for not before the editor is used."""
        if self._active_at is None or self._used_at is None:
            return None
        due = max(self._used_at + self._rules.idle, self._not_before)
        if max(due, now) >= self._active_at + self._rules.active:
            return None
        return max(0.0, due - now)
