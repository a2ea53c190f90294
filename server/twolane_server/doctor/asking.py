"""What the doctor can tell from a model's answer of one token to fixed words."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from twolane_server.lanes.base import Chunk, Usage

__all__ = ["Heard", "heard"]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it.

    Attributes:
        seconds: from the question to the first chunk.
        usage: the server's counts, where it sent them.
    """

    seconds: float
    usage: Usage | None

    def __str__(self) -> str:
        if self.usage is None:
            counts = "sends no counts of tokens"
        elif self.usage.cached is None:
            counts = "counts tokens, and does not tell which of them it had in its cache"
        else:
            counts = "counts tokens, cached ones too"
        return f"a first token came after {self.seconds:.1f} s; it {counts}"


async def heard(chunks: AsyncGenerator[Chunk]) -> Heard:
    """Read an answer to its end; raises what it raises."""
    loop = asyncio.get_running_loop()
    started, first, usage = loop.time(), None, None
    async with aclosing(chunks):
        async for chunk in chunks:
            first = first or loop.time()
            usage = chunk.usage or usage
    return Heard((first or loop.time()) - started, usage)
