"""Connections as a lane reads them: asyncio's own transports beneath httpcore.

httpcore's backends make a timer and a cancel scope for each read and stop listening in between. At
a thousand tokens a second that costs more than all the rest of a lane. Here a read takes what is
there, and one limit, moved on as the answer comes, serves all reads.
"""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, Any, cast

import httpcore

if TYPE_CHECKING:
    import ssl

__all__ = ["ROOM", "SocketStream"]

ROOM = 65_536
"""How many bytes a room has: as many as httpcore reads at once."""

_MOST_WAITING = 65_536


class SocketStream(asyncio.BufferedProtocol, httpcore.AsyncNetworkStream):
    """One connection. Belongs to the loop that opened it, and to one reader at a time.

    Args:
        room: where asyncio puts what comes, for a moment. The connections of one loop share it:
            nothing comes between asking for it and taking what is there.

    Attributes:
        until: when reads give up, by the loop's clock; `None` for never.
    """

    def __init__(self, room: memoryview) -> None:
        self.until: float | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._room = room
        self._over = False
        self._error: Exception | None = None
        self._paused = False
        self._reader: asyncio.Future[None] | None = None
        self._reader_until: float | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """What has come, or what comes next; empty at the end.

        Raises:
            httpcore.ReadTimeout: `until` or `timeout` is over.
            httpcore.ReadError: the connection broke.
        """
        until = self.until
        if timeout is not None:
            until = min(self._loop.time() + timeout, until or float("inf"))
        if until is not None and self._loop.time() >= until:
            raise httpcore.ReadTimeout
        if not self._came and not self._over:
            await self._wait(until)
        if not self._came:
            if self._error is not None:
                raise httpcore.ReadError from self._error
            return b""
        taken = bytes(memoryview(self._came)[:max_bytes])
        del self._came[:max_bytes]
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return taken

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Send, and wait while the other side takes nothing.

        Raises:
            httpcore.WriteTimeout: not in time.
            httpcore.WriteError: the connection broke.
        """
        if self._transport is None or self._over:
            raise httpcore.WriteError from self._error
        self._transport.write(buffer)
        if not self._writable.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._writable.wait()
            except TimeoutError:
                raise httpcore.WriteTimeout from None
            if self._over:
                raise httpcore.WriteError from self._error

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Shake hands.

        Raises:
            httpcore.ConnectTimeout: not in time.
            httpcore.ConnectError: the certificate is not trusted, or it is no TLS.
        """
        assert self._transport is not None
        try:
            async with asyncio.timeout(timeout):
                self._transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            await self.aclose()
            raise httpcore.ConnectTimeout from None
        except OSError as error:  # ssl.SSLError is one
            await self.aclose()
            raise httpcore.ConnectError from error
        return self

    async def aclose(self) -> None:
        """Close at once; what was not sent yet never is."""
        self.abort()
        await asyncio.sleep(0)  # the socket goes with the loop's next turn

    def abort(self) -> None:
        """The same without waiting."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._transport is not None:
            self._transport.abort()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks for: `ssl_object`, and whether an idle connection `is_readable`."""
        if self._transport is None:
            return None
        if info == "is_readable":
            # The loop may not yet have had the turn in which it hears of the end.
            return self._over or bool(self._came) or _readable(self._transport)
        return self._transport.get_extra_info(info)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio tells that it is open."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Asyncio asks where to put what comes."""
        del sizehint
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """It has put it there."""
        self._came += self._room[:nbytes]
        if len(self._came) > _MOST_WAITING and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The other side sends no more; asyncio closes."""
        self._over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._over, self._error = True, exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The other side takes nothing."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It takes more."""
        self._writable.set()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _wait(self, until: float | None) -> None:
        self._reader, self._reader_until = self._loop.create_future(), until
        self._set_alarm()
        try:
            await self._reader
        finally:
            self._reader = None

    def _set_alarm(self) -> None:
        """See that the limit is looked at in time; an alarm that rings before it will do."""
        until = self._reader_until
        if until is None or (self._alarm is not None and self._alarm.when() <= until):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(until, self._ring, until)

    def _ring(self, when: float) -> None:
        self._alarm = None
        reader, until = self._reader, self._reader_until
        if reader is None or reader.done() or until is None:
            return  # the next reader that waits sets it again
        if until <= when:
            reader.set_exception(httpcore.ReadTimeout())
        else:
            self._set_alarm()


def _readable(transport: asyncio.Transport) -> bool:
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    asked = select.poll()
    asked.register(number, select.POLLIN)
    return bool(asked.poll(0))
