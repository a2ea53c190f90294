"""How often something is tried: a share by default, all of it in the full run, or as told."""

from __future__ import annotations

import os


def how_many(variable: str, share: int, whole: int | None = None) -> int:
    """What the environment variable says; else `whole` with `TWOLANE_FULL=1`, and `share` without.

    Args:
        variable: `TWOLANE_RACES` or the like; tests/conftest.py must let it through.
        share: what every run affords.
        whole: what the full run affords; `None` for no more than the share.
    """
    if told := os.environ.get(variable):
        return int(told)
    return whole if whole is not None and os.environ.get("TWOLANE_FULL") == "1" else share
