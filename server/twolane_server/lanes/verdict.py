"""What an error of a lane says about the lane itself: pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerIncomplete, LaneRejected, LaneTimeout, LaneUnreachable
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.retry import passes

if TYPE_CHECKING:
    from twolane_server.errors import TwolaneError

__all__ = ["Rests", "Verdict", "rest_after", "verdict"]

_NO_BALANCE = 402
_FORBIDDEN = 403
_NO_ENTRY = {401, _FORBIDDEN}
_LEAST_SECONDS = 1.0


class Verdict(StrEnum):
    """What is to be thought of the lane.

    `FAULT`: it may be down. `LEAVE`: it says for how long it wants to be left alone. `SHUT`: it
    takes no request with this key. `UNPAID`: it takes none before somebody has paid. `NOTHING`: it
    was the request's fault, or ours.
    """

    FAULT = "fault"
    LEAVE = "leave"
    SHUT = "shut"
    UNPAID = "unpaid"
    NOTHING = "nothing"


def verdict(error: TwolaneError) -> Verdict:
    """What an error says about the lane that it came from."""
    if isinstance(error, LaneRejected):
        if error.status in _NO_ENTRY:
            return Verdict.SHUT
        if error.status == _NO_BALANCE:
            return Verdict.UNPAID
        if not passes(error):
            return Verdict.NOTHING
        return Verdict.FAULT if error.retry_after is None else Verdict.LEAVE
    if isinstance(error, LaneUnreachable | LaneTimeout | AnswerIncomplete):
        return Verdict.FAULT
    return Verdict.NOTHING


@dataclass(frozen=True, slots=True)
class Rests:
    """For how many seconds a lane is left alone.

    Attributes:
        longest: at most, whatever the server asks for.
        shut: at most, after the cloud refused the key.
        unpaid: where the account has no balance left.
    """

    longest: float
    shut: float
    unpaid: float


def rest_after(error: TwolaneError, lane: LaneName, usual: float, rests: Rests) -> float | None:
    """For how many seconds a lane is left alone after an error; `None` for as long as usual.

    Args:
        error: what came of the last request or probe.
        lane: which lane.
        usual: how long it would be left alone.
        rests: the limits.
    """
    if not isinstance(error, LaneRejected):
        return None
    match verdict(error):
        case Verdict.UNPAID:
            return rests.unpaid
        case Verdict.LEAVE if error.retry_after:
            return min(max(error.retry_after, _LEAST_SECONDS), rests.longest)
        case Verdict.SHUT if lane is LaneName.LOCAL or error.status == _FORBIDDEN:
            # The next probe is due at once: the local lane has nobody else to ask, and a key may
            # have been refused for one of a server's models alone.
            return 0.0
        case Verdict.SHUT:
            return min(usual, rests.shut)  # its owner may mend it soon
        case _:
            return None
