"""What an error of a lane says about the lane itself: pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from twolane_server.errors import AnswerIncomplete, LaneRejected, LaneTimeout, LaneUnreachable
from twolane_server.lanes.retry import passes

if TYPE_CHECKING:
    from twolane_server.errors import TwolaneError

__all__ = ["Verdict", "verdict"]

_NO_BALANCE = 402
_NO_ENTRY = {401, 403}


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
