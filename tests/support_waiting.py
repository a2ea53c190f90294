"""Waiting for what is known to come, for however long a busy machine takes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 60.0
"""Seconds for what comes at once where nothing is wrong, on however busy a machine.

Only a test that fails waits for so long. It is no limit of ours: what must be quick is measured elsewhere.
"""


async def until(holds: Callable[[], object]) -> None:
    """Wait for what another process or thread does.

    Raises:
        TimeoutError: it did not, with all patience.
    """
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - nothing here tells of it
            await asyncio.sleep(0.02)
