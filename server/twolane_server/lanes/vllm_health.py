"""Whether the vLLM that `twolane serve` started answers by now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.errors import LaneError
from twolane_server.lanes.address import address
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.connect import Sockets
from twolane_server.lanes.failures import Peer
from twolane_server.lanes.near import only_near
from twolane_server.lanes.wire import Wire
from twolane_server.nearby import network

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["VllmHealth"]

_SECONDS = 5.0


class VllmHealth:
    """Asks one server's `/health`, which needs no key and takes nothing.

    Args:
        url: its base URL, up to and with `/v1`.
        allow: addresses beside this machine and private networks, as in `local.allow`.

    Raises:
        SettingsError: the URL cannot be used.
    """

    def __init__(self, url: str, allow: Iterable[str] = ()) -> None:
        self._where = address(url, "the address of vLLM")
        peer = Peer(LaneName.LOCAL, self._where.host)
        self._wire = Wire(peer, None, Sockets(only_near(tuple(map(network, allow)))))

    async def ready(self) -> bool:
        """Whether it answers, and that its engine is well."""
        deadline = asyncio.get_running_loop().time() + _SECONDS
        url = f"{self._where.base.removesuffix('/v1')}/health"
        try:
            response = await self._wire.get(url, deadline=deadline, connect=_SECONDS)
        except LaneError:
            return False
        await response.aclose()
        return True

    async def aclose(self) -> None:
        """Close its connections."""
        await self._wire.aclose()
