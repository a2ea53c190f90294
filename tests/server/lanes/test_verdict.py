"""What an error says about its lane."""

from __future__ import annotations

import pytest

from twolane_server.errors import (
    AnswerIncomplete,
    AnswerTruncated,
    LaneBusy,
    LaneDropped,
    LaneNotLocal,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    ModelMissing,
    OutOfFiles,
    Refused,
    TwolaneError,
)
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.verdict import Rests, Verdict, rest_after, verdict

RESTS = Rests(longest=600.0, shut=30.0, unpaid=3_600.0)
CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL


def rejected(status: int, wait: float | None = None) -> LaneRejected:
    return LaneRejected("no", status=status, retry_after=wait)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (LaneUnreachable("x"), Verdict.FAULT),
        (LaneTimeout("x"), Verdict.FAULT),
        (AnswerIncomplete("x"), Verdict.FAULT),
        (LaneDropped("x"), Verdict.FAULT),
        *((rejected(status), Verdict.FAULT) for status in (408, 409, 425, 429, 500, 503, 529)),
        (rejected(429, 2.0), Verdict.LEAVE),
        (rejected(503, 2.0), Verdict.LEAVE),
        (rejected(401), Verdict.SHUT),
        (rejected(403, 2.0), Verdict.SHUT),
        (rejected(402), Verdict.UNPAID),
        *((rejected(status), Verdict.NOTHING) for status in (307, 400, 404, 413, 418, 422)),
        (ModelMissing("x"), Verdict.NOTHING),
        (OutOfFiles("x"), Verdict.NOTHING),
        (LaneNotLocal("x"), Verdict.NOTHING),
        (LaneBusy("x"), Verdict.NOTHING),
        (AnswerTruncated("x", lane=CLOUD), Verdict.NOTHING),
        (Refused("x"), Verdict.NOTHING),
    ],
)
def test_each_error_says_something(error: TwolaneError, found: Verdict) -> None:
    assert verdict(error) is found


@pytest.mark.parametrize(
    ("error", "lane", "seconds"),
    [
        (LaneUnreachable("x"), CLOUD, None),
        (rejected(503), CLOUD, None),
        (rejected(429, 2.0), CLOUD, 2.0),
        (rejected(429, 0.0), CLOUD, None),
        (rejected(429, 0.2), CLOUD, 1.0),
        (rejected(429, 9_999.0), CLOUD, 600.0),
        (rejected(402), CLOUD, 3_600.0),
        (rejected(401), CLOUD, 30.0),
        (rejected(403), CLOUD, 0.0),
        (rejected(401), LOCAL, 0.0),
        (Refused("x"), CLOUD, None),
    ],
)
def test_how_long_it_is_left_alone(
    error: TwolaneError, lane: LaneName, seconds: float | None
) -> None:
    assert rest_after(error, lane, usual=80.0, rests=RESTS) == seconds
    if isinstance(error, LaneRejected) and error.status == 401 and lane is CLOUD:
        assert rest_after(error, lane, usual=5.0, rests=RESTS) == 5.0
