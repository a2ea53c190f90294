"""When something is due to keep a lane warm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.lanes.warmth import WarmRules, Warmth

RULES = WarmRules(idle=75, active=300, longest=1_000)


def warmth(*, used: float | None = 0.0, active: float | None = 0.0) -> Warmth:
    made = Warmth(RULES)
    if used is not None:
        made.used(used)
    if active is not None:
        made.active(active)
    return made


@pytest.mark.parametrize(
    ("used", "active", "now", "wait"),
    [
        (0, 0, 0, 75),
        (0, 0, 74, 1),
        (0, 0, 75, 0),
        (0, 0, 299, 0),
        (0, 0, 300, None),  # the editor is idle
        (50, 0, 75, 50),
        (260, 0, 270, None),  # it will be idle by then
        (260, 290, 290, 45),
        (None, 0, 0, None),  # nobody has used the lane
        (0, None, 100, None),
        (0, 5_000, 5_000, 0),  # somebody comes back from lunch
    ],
)
def test_when(used: float | None, active: float | None, now: float, wait: float | None) -> None:
    assert warmth(used=used, active=active).wait(now) == wait


def test_failures_put_it_off_twice_as_long_each_time() -> None:
    made, now, pauses = warmth(), 75.0, list[float]()
    for _ in range(6):
        made.failed(now)
        made.active(now)
        made.active(now + 1_000)
        wait = made.wait(now)
        assert wait is not None
        pauses.append(wait)
        now += wait
    assert pauses == [150, 300, 600, 1_000, 1_000, 1_000]
    made.used(now)
    assert made.wait(now) == 75, "an answer makes up for all of it"


def test_what_is_skipped_is_soon_tried_again() -> None:
    made = warmth()
    for now in (75.0, 150.0, 225.0):
        assert made.wait(now) == 0
        made.skipped(now)
        assert made.wait(now) == (75 if now < 225 else None)


@given(
    events=st.lists(
        st.tuples(st.sampled_from(("active", "used", "failed", "skipped")), st.floats(0.01, 400.0)),
        max_size=40,
    )
)
def test_nothing_is_due_within_the_pause_nor_in_an_idle_editor(
    events: list[tuple[str, float]],
) -> None:
    made, now, used, active = Warmth(RULES), 0.0, None, None
    for kind, seconds in events:
        now += seconds
        getattr(made, kind)(now)
        used = now if kind == "used" else used
        active = now if kind == "active" else active
        wait = made.wait(now)
        if wait is None:
            continue
        assert used is not None
        assert active is not None
        assert now + wait >= used + 75 - 1e-6
        assert now + wait < active + 300 + 1e-6
