"""The paths that files had before, asked for in threads; who knows them answers on the event loop."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["for_threads"]


def for_threads(
    before: Callable[[str], Awaitable[tuple[str, ...]]],
) -> Callable[[str], tuple[str, ...]]:
    """The same question for threads of one reading, each file asked about but once.

    To be called on the event loop, which must go on running meanwhile.

    Args:
        before: see `Repositories.before`.
    """
    loop = asyncio.get_running_loop()

    async def ask(path: str) -> tuple[str, ...]:
        return await before(path)

    @cache
    def former(path: str) -> tuple[str, ...]:
        return asyncio.run_coroutine_threadsafe(ask(path), loop).result()

    return former
