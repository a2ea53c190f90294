"""A short soak; `tests/benchmarks/soak.py` takes half an hour."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support_soak import soak

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 25.0
MOST_GROWN = 1.15
"""In so short a time the warm-up is not quite over; the long one takes 1.05."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read in /proc")
async def test_two_editors_and_faults_at_random(tmp_path: Path) -> None:
    found = await soak(tmp_path, SECONDS, most_grown=MOST_GROWN)
    assert found.wrong == []
    assert found.counts["applied"] > 0, found.counts
    assert found.counts["cancelled"] > 0, found.counts
    assert found.counts["told why not"] > 0, found.counts
