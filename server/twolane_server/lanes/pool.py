"""Connections to one server, each closed or put back whatever becomes of its request.

httpcore has a pool of its own. A task that is cancelled just when it got a new connection leaves that
one there, never used and never closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    import ssl

__all__ = ["Pool", "Pooled"]

_IDLE_SECONDS = 5.0


class Pool:
    """HTTP/1.1 to one origin. How many connections there are is up to the callers.

    Args:
        backend: opens the connections.
        trust: the certificates that are trusted.
        idle_connections: how many are kept open for later.
    """

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, trust: ssl.SSLContext, *, idle_connections: int
    ) -> None:
        self._backend = backend
        self._trust = trust
        trust.set_alpn_protocols(["http/1.1"])
        self._most_idle = idle_connections
        self._idle: list[httpcore.AsyncHTTP11Connection] = []

    async def send(self, request: httpcore.Request, connect_seconds: float | None) -> Pooled:
        """Send a request; the caller closes the response.

        Raises:
            Exception: one of httpcore's, or the backend's own.
        """
        connection = await self._kept()
        if connection is None:
            stream = await self._opened(request.url, connect_seconds)
            origin = request.url.origin
            connection = httpcore.AsyncHTTP11Connection(origin, stream, _IDLE_SECONDS)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await connection.aclose()
            raise
        return Pooled(response, connection, self)

    async def put_back(self, connection: httpcore.AsyncHTTP11Connection) -> None:
        """Keep a connection for later if it can be used again, and there are not too many."""
        if connection.is_idle() and len(self._idle) < self._most_idle:
            self._idle.append(connection)
        else:
            await connection.aclose()

    @property
    def kept(self) -> bool:
        """Whether a connection is at hand that answered moments ago and that nobody has closed."""
        return any(not each.has_expired() for each in reversed(self._idle))

    async def aclose(self) -> None:
        """Close what is idle."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _kept(self) -> httpcore.AsyncHTTP11Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _opened(
        self, url: httpcore.URL, seconds: float | None
    ) -> httpcore.AsyncNetworkStream:
        origin, host = url.origin, url.host.decode("ascii")
        stream = await self._backend.connect_tcp(host, origin.port, seconds)
        if origin.scheme != b"https":
            return stream
        try:
            return await stream.start_tls(self._trust, host, seconds)
        except BaseException:
            await stream.aclose()
            raise


class Pooled:
    """A response, and the connection that it comes over.

    Attributes:
        response: what httpcore makes of it.
    """

    def __init__(
        self,
        response: httpcore.Response,
        connection: httpcore.AsyncHTTP11Connection,
        pool: Pool,
    ) -> None:
        self.response = response
        self._connection = connection
        self._pool = pool
        self._closed = False

    async def aclose(self) -> None:
        """Give the connection back; one whose body was not read to its end is closed."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.response.aclose()
        except BaseException:
            await self._connection.aclose()
            raise
        await self._pool.put_back(self._connection)
