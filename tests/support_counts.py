"""How often something is tried: a share by default, all of it in the full run, or as told."""

from __future__ import annotations

import os


def how_many(variable: str, share: int, whole: int | None = None, *, part: float = 1) -> int:
    """What the environment variable says; else `whole` with `TWOLANE_FULL=1`, and `share` without.

    Args:
        variable: `TWOLANE_RACES` or the like; tests/conftest.py must let it through.
        share: what every run affords.
        whole: what the full run affords; `None` for no more than the share.
        part: how much of what the variable says is this one's; others have the rest.
    """
    if told := os.environ.get(variable):
        return max(1, round(int(told) * part))
    return whole if whole is not None and os.environ.get("TWOLANE_FULL") == "1" else share
