"""Connections for the local lane: each goes to an address that was looked at first.

A name is looked up once for each connection; every address that it has must be near, and the
connection goes to one of those very addresses, so that another answer of the name server a moment
later changes nothing. TLS still asks for the name.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING

import httpcore

from twolane_server.errors import LaneNotLocal
from twolane_server.lanes.connect import Sockets, look_up
from twolane_server.nearby import Network, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from httpcore import SOCKET_OPTION

    from twolane_server.lanes.connect import LookUp
    from twolane_server.nearby import Address

__all__ = ["NearBackend"]


class NearBackend(Sockets):
    """Opens connections to near addresses alone.

    Args:
        allowed: networks that the user listed.
        find: looks a name up.
        inner: opens a connection to an address.

    Attributes:
        reached: the address of the last connection, as a text; empty before the first.
    """

    def __init__(
        self,
        allowed: tuple[Network, ...] = (),
        find: LookUp = look_up,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        super().__init__(find)
        self._allowed = allowed
        self._inner = inner or Sockets()
        self.reached = ""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up, look at each address, and connect to the first that answers.

        Raises:
            LaneNotLocal: one of its addresses is not near; nothing was connected to.
            httpcore.ConnectError: no address, or none answers.
            httpcore.ConnectTimeout: not in time.
        """
        clock = asyncio.get_running_loop().time
        deadline = None if timeout is None else clock() + timeout
        addresses = await self._near(host, port, deadline)
        for left in range(len(addresses), 0, -1):
            # What is left of the time is shared among those that are left to try.
            share = None if deadline is None else max(0.01, (deadline - clock()) / left)
            where = str(addresses[-left])
            try:
                stream = await self._inner.connect_tcp(
                    where, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    raise
            else:
                self.reached = where
                return stream
        raise httpcore.ConnectError("the name has no address")

    async def _near(self, host: str, port: int, deadline: float | None) -> list[Address]:
        try:
            async with asyncio.timeout_at(deadline):
                found = await self._find(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not found in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name is not known") from error
        addresses = [ip_address(each) for each in found]
        for address in addresses:
            if told := refusal(host, address, self._allowed):
                raise LaneNotLocal(told)
        return addresses
