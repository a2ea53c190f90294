"""How a lane's connections come about: a name looked up, and the first address that answers."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias

import httpcore

from twolane_server.lanes.sockets import ROOM, SocketStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from httpcore import SOCKET_OPTION

__all__ = ["LookUp", "Sockets", "look_up"]

_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305, "Connection Attempt Delay"

LookUp: TypeAlias = "Callable[[str, int], Awaitable[tuple[str, ...]]]"
"""The addresses of a host, in the order in which they are to be tried."""


async def look_up(host: str, port: int) -> tuple[str, ...]:
    """Ask the system, as any other program does.

    In a thread of its own: a name server that hangs takes none from the few that all else shares,
    the other lane too, and holds up no end of the process.

    Raises:
        OSError: the name is not known.
        UnicodeError: it is none.
    """
    with suppress(ValueError):
        return (str(ip_address(host)),)
    loop = asyncio.get_running_loop()
    found: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def tell(addresses: tuple[str, ...], error: Exception | None = None) -> None:
        if found.done():  # nobody waits any more
            return
        if error is None:
            found.set_result(addresses)
        else:
            found.set_exception(error)

    def ask() -> None:
        addresses, error = (), None
        try:
            each = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            addresses = tuple(dict.fromkeys(str(where[0]) for *_, where in each))
        except (OSError, UnicodeError) as why:
            error = why
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, addresses, error)

    try:
        threading.Thread(target=ask, name="twolane look-up", daemon=True).start()
    except RuntimeError as error:
        raise OSError("no thread for a look-up") from error
    return await found


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens connections to the addresses that a look-up gives, and to no others.

    Args:
        find: looks a name up; what it raises beside the errors of `look_up` is passed on.

    Attributes:
        reached: the address of the last connection; empty before the first.
    """

    def __init__(self, find: LookUp = look_up) -> None:
        self._find = find
        self._room = memoryview(bytearray(ROOM))
        self.reached = ""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the host's addresses, the next one when the last was not quick; the first one wins.

        Raises:
            httpcore.ConnectError: no address, or none answers.
            httpcore.ConnectTimeout: not in time.
        """
        del local_address, socket_options  # nobody asks for either
        try:
            async with asyncio.timeout(timeout):
                addresses = [*await self._find(host, port)]
                self.reached, stream = await _first(addresses, port, self._room)
                return stream
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, UnicodeError, ExceptionGroup) as error:
            raise httpcore.ConnectError from error


async def _first(addresses: list[str], port: int, room: memoryview) -> tuple[str, SocketStream]:
    """The connection that comes about first, and where it goes; those that come later are closed."""
    errors: list[Exception] = []
    running: dict[asyncio.Task[SocketStream], str] = {}
    try:
        while addresses or running:
            if addresses:
                address = addresses.pop(0)
                running[asyncio.create_task(_open(address, port, room))] = address
            pause = _NEXT_ADDRESS_SECONDS if addresses else None
            done, _ = await asyncio.wait(
                running, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                where = running.pop(task)
                try:
                    return where, task.result()
                except OSError as error:
                    errors.append(error)
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(late, SocketStream):
                late.abort()
    if len(errors) == 1:
        raise errors[0]
    raise ExceptionGroup("no address answers", errors or [OSError("the name has no address")])


async def _open(address: str, port: int, room: memoryview) -> SocketStream:
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(lambda: SocketStream(room), address, port)
    return stream
