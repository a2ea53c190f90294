"""httpx over connections of our own, whatever httpx makes of proxies and sockets by itself.

httpx has no public way to give its own transport a network backend, so this is the short one: no
proxies, no HTTP/2, no retries.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import httpcore
import httpx

from twolane_server.lanes.pool import Pool

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator, Generator

    from twolane_server.lanes.pool import Pooled

__all__ = ["PIECES", "Transport"]

PIECES = "pieces"
"""The extension of a response that holds its bytes as httpcore hands them out, with its errors."""

# The most particular first.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.NetworkError, httpx.NetworkError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.ProtocolError, httpx.ProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.ConnectionNotAvailable, httpx.ConnectError),
)


class Transport(httpx.AsyncBaseTransport):
    """A pool of connections that `backend` opens.

    Args:
        backend: opens the connections, and decides where they may go.
        trust: the certificates that are trusted.
        idle_connections: how many are kept open.
    """

    def __init__(
        self,
        backend: httpcore.AsyncNetworkBackend,
        trust: ssl.SSLContext,
        *,
        idle_connections: int,
    ) -> None:
        self._pool = Pool(backend, trust, idle_connections=idle_connections)

    @property
    def kept(self) -> bool:
        """See `Pool.kept`."""
        return self._pool.kept

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; what goes wrong is one of httpx's errors, or the backend's own."""
        url = request.url
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=cast("httpx.AsyncByteStream", request.stream),
            extensions=request.extensions,
        )
        timeouts = cast("dict[str, float | None]", request.extensions.get("timeout", {}))
        with _as_httpx():
            pooled = await self._pool.send(sent, timeouts.get("connect"))
        response = pooled.response
        extensions = cast("dict[str, object]", response.extensions)  # pyright: ignore[reportUnknownMemberType] - untyped there
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Stream(pooled),
            extensions={**extensions, PIECES: response.stream},
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pooled: Pooled) -> None:
        self._pooled = pooled

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in cast("AsyncIterable[bytes]", self._pooled.response.stream):
                yield part

    async def aclose(self) -> None:
        with _as_httpx():
            await self._pooled.aclose()


@contextmanager
def _as_httpx() -> Generator[None]:
    try:
        yield
    except tuple(theirs for theirs, _ in _ERRORS) as error:
        ours = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
        raise ours(str(error)) from error
