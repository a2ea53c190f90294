"""Whether a request is sent again, and after what pause: pure, time and chance are handed in.

Only before anything of the answer came, only for faults that pass, and only within the one deadline
of the answer. Exponential backoff with full jitter, unless the server says when (RFC 9110, 10.2.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from twolane_server.errors import LaneDropped, LaneRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from twolane_server.errors import LaneError

__all__ = ["RetryRules", "passes", "pause", "seconds_asked"]

_TOO_MANY = 429
_PASSING = {408, 409, 425, _TOO_MANY}
_SERVER_FAULTS = range(500, 600)
_SECONDS = re.compile(r"[0-9]{1,9}")
# Those who were sent away together come back over so long a time.
_SPREAD = 0.25
_LEAST_SPREAD = 0.5


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How often and how patiently.

    Attributes:
        retries: how often a request is sent again at most.
        patience_seconds: the longest pause.
        first_seconds: the longest pause before the first retry where the server names none; twice
            as long before each further one.
        backoff_seconds: where that doubling ends.
    """

    retries: int
    patience_seconds: float
    first_seconds: float = 0.5
    backoff_seconds: float = 8.0


def passes(error: LaneError) -> bool:
    """Whether a fault is of the kind that may be gone a moment later."""
    if isinstance(error, LaneRejected):
        return error.status in _PASSING or error.status in _SERVER_FAULTS
    return isinstance(error, LaneDropped)


def pause(
    error: LaneError,
    retries: int,
    left: float,
    rules: RetryRules,
    draw: Callable[[], float],
) -> float | None:
    """How many seconds to wait before the request is sent again; `None` to give up.

    Args:
        error: why there is no answer.
        retries: how often it was sent again already.
        left: seconds until the answer's deadline.
        rules: the limits.
        draw: chance, 0 to 1.
    """
    if retries >= rules.retries or not passes(error):
        return None
    asked = error.retry_after if isinstance(error, LaneRejected) else None
    if asked is None:
        longest = min(rules.backoff_seconds, rules.first_seconds * 2**retries)
        seconds = min(longest, rules.patience_seconds) * draw()
    else:
        seconds = asked + max(_LEAST_SPREAD, asked * _SPREAD) * draw()
        if asked > rules.patience_seconds:
            return None
    return seconds if seconds < left else None


def seconds_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """What a `Retry-After` asks for, in seconds; `None` where there is none that can be read.

    Args:
        headers: the response's, in lower case.
        now: the time here, with a time zone. A date is held against the server's own, where it
            sends one, so that a clock that is wrong here does no harm.
    """
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    until = _date(said)
    if until is None:
        return None
    return max(0.0, (until - (_date(headers.get("date", "")) or now)).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text.strip())
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
