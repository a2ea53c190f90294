"""HTTP as a lane needs it: a request out, bytes in, every failure a `LaneError`.

No proxy variables, no redirects, no cookies, the system's own trust store, and just the bytes that
came. Nothing here knows what the bytes mean.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import httpx
import truststore

from twolane_server.errors import AnswerIncomplete, LaneDropped, LaneTimeout
from twolane_server.lanes.body import Body
from twolane_server.lanes.failures import Peer, rejected, unreachable
from twolane_server.lanes.retry import seconds_asked
from twolane_server.lanes.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.lanes.connect import Sockets
    from twolane_server.lanes.key import Key

_OK = 200
_NO_ENTRY = {401, 403}
_REFUSAL_SECONDS = 2.0
_REFUSAL_BYTES = 65_536
_IDLE_CONNECTIONS = 16
_HEADERS = {
    "user-agent": "twolane",
    "accept-encoding": "identity",
    "connection": "keep-alive",
}
_URLS = 8


class Wire:
    """A connection pool to one server. Belongs to the event loop that first uses it.

    Args:
        peer: the server, in words.
        key: sent as a bearer token, where there is one.
        backend: opens the connections.
        renew: reads the key anew, once it was refused: its owner may have put another one there.
    """

    def __init__(
        self,
        peer: Peer,
        key: Key | None,
        backend: Sockets,
        renew: Callable[[], Key | None] | None = None,
    ) -> None:
        self._peer = peer
        self._key = key
        self._backend = backend
        self._renew = renew
        self._refused = False
        self._transport: Transport | None = None
        self._url = lru_cache(_URLS)(httpx.URL)

    async def get(self, url: str, *, deadline: float, connect: float) -> httpx.Response:
        """Ask for a document; see `post`."""
        return await self._send("GET", url, b"", deadline=deadline, connect=connect)

    async def post(
        self, url: str, body: bytes, *, deadline: float, connect: float
    ) -> httpx.Response:
        """Send `body` and wait for a status 200; the caller closes the response.

        Args:
            url: where to.
            body: JSON in UTF-8, sent as it is.
            deadline: when to give up, by the event loop's clock.
            connect: how many seconds the connection may take.

        Raises:
            KeyUnusable: the key was refused before, and what is there by now cannot be one.
            LaneError: nothing answers, or not in time, or with another status, or the server is
                not where it must be.
        """
        return await self._send("POST", url, body, deadline=deadline, connect=connect)

    @property
    def kept(self) -> bool:
        """Whether a connection to the server is at hand; see `Pool.kept`."""
        return self._transport is not None and self._transport.kept

    async def aclose(self) -> None:
        """Close every socket. The wire may be used again."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _send(
        self, method: str, url: str, body: bytes, *, deadline: float, connect: float
    ) -> httpx.Response:
        transport = self._opened()
        if self._refused and self._renew is not None:
            self._key, self._refused = await asyncio.to_thread(self._renew), False
        # Not by one of httpx's clients: to look for proxies, redirects and cookies takes a while.
        request = httpx.Request(
            method,
            self._url(url),
            content=body or None,
            headers=self._headers(body),
            extensions={"timeout": {"connect": connect}},
        )
        try:
            async with asyncio.timeout_at(deadline):
                response = await transport.handle_async_request(request)
        except TimeoutError:
            raise LaneTimeout(
                f"{self._peer.host} did not answer in time. Try again, or select less."
            ) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, OSError) as error:
            # Of the last kind is a trust store, or a module, that no file could be opened for.
            raise unreachable(self._peer, error, connect) from error
        except httpx.TransportError as error:
            raise LaneDropped(
                f"{self._peer.host} closed the connection before it answered. Try again, or check"
                f" {self._peer.lane}.url in the settings."
            ) from error
        if response.status_code != _OK:
            await self._refuse(response, deadline)
        return response

    async def _refuse(self, response: httpx.Response, deadline: float) -> None:
        soon = min(deadline, asyncio.get_running_loop().time() + _REFUSAL_SECONDS)
        try:
            body = await Body(response, self._peer.host).start(_REFUSAL_BYTES, soon)
        except (TimeoutError, AnswerIncomplete):
            body = b""  # the status alone says enough
        finally:
            await response.aclose()
        self._refused |= response.status_code in _NO_ENTRY
        headers = dict(response.headers.items())
        wait = seconds_asked(headers, datetime.now(UTC))
        raise rejected(self._peer, response.status_code, body=body, headers=headers, wait=wait)

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {**_HEADERS, "accept": "text/event-stream" if body else "application/json"}
        if body:
            headers["content-type"] = "application/json"
        if self._key is not None:
            headers["authorization"] = self._key.header()
        return headers

    def _opened(self) -> Transport:
        if self._transport is None:
            trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._transport = Transport(self._backend, trust, idle_connections=_IDLE_CONNECTIONS)
        return self._transport
