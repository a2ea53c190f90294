"""A lane's health over a sliding window: how many requests failed, how many began late.

Pure: the time is handed in. One request that fails among few says nothing, so it takes a least
number of requests and of bad ones among them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Health", "HealthRules"]

_MOST_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class HealthRules:
    """What is healthy.

    Attributes:
        window_seconds: how far back it looks.
        least_requests: how many requests it takes.
        least_bad: how many of them must be bad, whatever the share.
        error_rate: the greatest share of failures that is healthy.
        slow_rate: the greatest share of slow first tokens that is healthy.
        first_token_seconds: a first token later than that is slow.
    """

    window_seconds: float
    least_requests: int
    least_bad: int
    error_rate: float
    slow_rate: float
    first_token_seconds: float


class _Sample(NamedTuple):
    at: float
    failed: bool
    slow: bool


class Health:
    """What became of a lane's latest requests.

    Args:
        rules: what is healthy.

    Attributes:
        rules: the same.
    """

    def __init__(self, rules: HealthRules) -> None:
        self.rules = rules
        self._samples: deque[_Sample] = deque()
        self._failed = 0
        self._slow = 0

    def add(self, now: float, *, failed: bool, first_token: float | None) -> None:
        """Count a request that ended.

        Args:
            now: the time, on a monotonic clock.
            failed: whether it ended without a whole answer, through the lane's fault.
            first_token: how many seconds its first token took, or how long nobody saw one; `None`
                where that says nothing.
        """
        slow = first_token is not None and first_token > self.rules.first_token_seconds
        self._samples.append(_Sample(now, failed, slow))
        self._failed += failed
        self._slow += slow
        self._forget(now)

    def verdict(self, now: float) -> str | None:
        """What is wrong, as `3 of 40 requests failed within 15 minutes`; `None` for nothing."""
        self._forget(now)
        count, rules = len(self._samples), self.rules
        if count < rules.least_requests:
            return None
        within = f"within {rules.window_seconds / 60:g} minutes"
        if self._failed >= rules.least_bad and self._failed > rules.error_rate * count:
            return f"{self._failed} of {count} requests failed {within}"
        if self._slow >= rules.least_bad and self._slow > rules.slow_rate * count:
            limit = f"{rules.first_token_seconds:g} s"
            return f"{self._slow} of {count} requests had no first token after {limit} {within}"
        return None

    def clear(self) -> None:
        """Forget all: what comes now is judged by itself."""
        self._samples.clear()
        self._failed = self._slow = 0

    def _forget(self, now: float) -> None:
        samples, oldest = self._samples, now - self.rules.window_seconds
        while samples and (samples[0].at <= oldest or len(samples) > _MOST_SAMPLES):
            gone = samples.popleft()
            self._failed -= gone.failed
            self._slow -= gone.slow
