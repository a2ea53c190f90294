"""The bytes of one response, as they come and within a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httpcore

from twolane_server.errors import AnswerIncomplete
from twolane_server.lanes.compressed import BadCompression, unpacked
from twolane_server.lanes.transport import PIECES

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    import httpx

    from twolane_server.lanes.sockets import SocketStream

__all__ = ["Body"]

_PLAIN = "identity"
_REST_SECONDS = 0.1
_BROKEN = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


class Body:
    """Reads a response that is open; closing it is the caller's.

    Args:
        response: from `Transport`.
        host: who answers, for the sentences.
    """

    def __init__(self, response: httpx.Response, host: str) -> None:
        # httpx's own iterators count and cut anew what comes, and decompress without a bound.
        pieces = cast("AsyncIterable[bytes]", response.extensions[PIECES])
        coding = response.headers.get("content-encoding", _PLAIN)
        self._pieces: AsyncIterator[bytes] = aiter(
            pieces if coding == _PLAIN else unpacked(pieces, coding)
        )
        self._stream = cast("SocketStream", response.extensions["network_stream"])
        self._host = host

    async def read(self, until: float) -> bytes | None:
        """The next bytes, or None at the clean end.

        Args:
            until: when to give up, by the event loop's clock.

        Raises:
            TimeoutError: nothing came until then.
            AnswerIncomplete: the connection broke, or the bytes are compressed in no known way.
        """
        self._stream.until = until
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            return None
        except httpcore.ReadTimeout:
            raise TimeoutError from None
        except BadCompression as error:
            raise AnswerIncomplete(
                f"{self._host} compressed its answer in a way that it was not asked for; nothing was"
                " applied. Check what stands between it and this machine."
            ) from error
        except _BROKEN as error:
            raise AnswerIncomplete(
                f"{self._host} broke off in the middle of its answer; nothing was applied."
                " Try again."
            ) from error
        finally:
            self._stream.until = None

    async def start(self, most: int, until: float) -> bytes:
        """The first `most` bytes; raises as `read` does."""
        body = bytearray()
        while len(body) < most and (piece := await self.read(until)) is not None:
            body += piece
        return bytes(body[:most])

    async def drain(self) -> None:
        """Read what little is left, so that the connection can be used again."""
        until = asyncio.get_running_loop().time() + _REST_SECONDS
        try:
            while await self.read(until) is not None:
                pass
        except (TimeoutError, AnswerIncomplete):
            return  # the answer is whole; only the connection is lost
