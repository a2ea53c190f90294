"""A body that a server compressed although it was asked not to, a bounded piece at a time.

A thousandth of the bytes may have been sent: 20 MB of one letter come in a single packet. What comes out
is handed on in small steps, and the loop has a turn between any two.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

__all__ = ["BadCompression", "unpacked"]

_CODINGS = {"gzip", "x-gzip", "deflate"}
_GZIP_OR_ZLIB = 47  # zlib's number for either, whichever the first bytes say
_STEP = 65_536


class BadCompression(ValueError):
    """The bytes are not what the header says, or nothing here can read that."""


async def unpacked(pieces: AsyncIterable[bytes], coding: str) -> AsyncIterator[bytes]:
    """The bytes that were compressed.

    Args:
        pieces: the body as it comes.
        coding: the value of `content-encoding`.

    Raises:
        BadCompression: they cannot be read.
    """
    if coding.strip().lower() not in _CODINGS:
        raise BadCompression
    reader = zlib.decompressobj(_GZIP_OR_ZLIB)
    async for piece in pieces:
        left = piece
        while left and not reader.eof:
            try:
                step = reader.decompress(left, _STEP)
            except zlib.error as error:
                raise BadCompression from error
            left = reader.unconsumed_tail
            if step:
                yield step
            if left:
                await asyncio.sleep(0)
